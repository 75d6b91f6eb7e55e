import { writeBundle } from "../../src/bundle/bundle.ts";
import { groupNames, parseSettings } from "../../src/config/schema.ts";
import { writeNpy } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { buildModel } from "../../src/graph/onnx/model.ts";
import { add } from "../../src/graph/ops/elementwise.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { writeReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { withTruePatches } from "../../src/simulation/truePatches.ts";
import { writeCheckpoint } from "../../src/training/checkpoint.ts";
import { type EpochRecord, freshState } from "../../src/training/trainingState.ts";

/** Sound files, as small as they come: a change then meets something that matters. */
const options = { n: 8, patterns: 9, seed: 1, photons: 1e4 };
const scan = simulate(options);

const text = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value, null, 2));

export const scans = (): Uint8Array[] => [
  writeScanNpz(scan),
  writeScanNpz(withTruePatches(simulate({ ...options, modes: 2, positionError: 1, intensityJitter: 0.1 }))),
  writeScanNpz(scan, { compress: false }),
];

/** A 0-d array of Python's objects with one text, as NumPy pickles it. */
const pickled = (): Uint8Array => {
  const pickle =
    "gANjbnVtcHkuY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAGNudW1weQpuZGFycmF5CnEBSwCFcQJDAWJxA4dxBFJxBShLASljbnVtcHkKZHR5cGUKcQZYAgAAAE84cQeJiIdxCFJxCShLA1gBAAAAfHEKTk5OSv////9K/////0s/dHELYoldcQxYBQAAAGhlbGxvcQ1hdHEOYi4=";
  const header = `${"{'descr': '|O', 'fortran_order': False, 'shape': (), }".padEnd(117)}\n`;
  const start = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0);
  return Uint8Array.from([...start, ...Buffer.from(header, "latin1"), ...Buffer.from(pickle, "base64")]);
};

export const arrays = (): Uint8Array[] => [
  writeNpy({ dtype: "float32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }),
  writeNpy({ dtype: "complex128", shape: [2], data: Float64Array.of(1, 2, 3, 4) }),
  writeNpy({ dtype: "int64", shape: [3], data: Float64Array.of(1, -2, 2 ** 40) }),
  writeNpy({ dtype: "string", shape: [2], data: ["one", "Ψ😀"] }),
  pickled(),
];

export function objects(): Uint8Array[] {
  const { object } = scan;
  if (object === undefined) throw new Error("a simulation has its object");
  const [height, width] = object.shape;
  const coverage = new Float32Array(height * width).fill(1);
  return [
    writeReconstruction({ object, coverage, origin: { y: 0, x: 0 }, positions: scan.positions }),
    writeNpz({ psi: { dtype: "complex64", shape: [1, height, width], data: object.data } }),
    writeScanNpz(scan),
  ];
}

/** Of other programs, by the paths that their files have; only few of these are archives. */
export function reconstructions(): Uint8Array[] {
  const { object, positions } = scan;
  if (object === undefined) throw new Error("a simulation has its object");
  const [height, width] = object.shape;
  const image = { dtype: "complex64", shape: [1, height, width], data: object.data } as const;
  const pixel = { dtype: "float64", shape: [2], data: Float64Array.of(1e-8, 1e-8) } as const;
  const pairs = { dtype: "float64", shape: [9, 2], data: positions.map((value) => value * 1e-8) } as const;
  const single = (value: number) => ({ dtype: "float64", shape: [], data: Float64Array.of(value) }) as const;
  const column = { dtype: "float64", shape: [9], data: pairs.data.slice(0, 9) } as const;
  return [
    writeNpz({
      "content/obj/S00G00/data": image,
      "content/obj/S00G00/_psize": pixel,
      "content/obj/S00G00/_origin": pixel,
      "content/positions/S00G00": pairs,
    }),
    writeNpz({
      "entry_1/image_1/data": image,
      "entry_1/image_1/image_size": { dtype: "float64", shape: [3], data: Float64Array.of(1e-6, 1e-6, 0) },
    }),
    writeNpz({
      ...{ object: image, probe: { ...scan.probe, dtype: "complex64" } },
      ...{ probe_position_x_m: column, probe_position_y_m: column },
      ...{ object_pixel_width_m: single(1e-8), object_pixel_height_m: single(1e-8) },
      ...{ object_center_x_m: single(0), object_center_y_m: single(0) },
    }),
  ];
}

export function models(): Uint8Array[] {
  const graph = new Graph();
  const weights = { a: Float32Array.of(1, 2, 3), b: Float32Array.of(0.5) };
  let y = graph.input("x", [3]);
  for (const [name, { length }] of Object.entries(weights)) y = add(y, graph.input(name, [length]));
  return [buildModel({ outputs: { y }, bind: weights })];
}

const settings = Object.fromEntries(
  groupNames.map((group) => [group, { ...parseSettings(group), ...(group === "model" ? { N: 64 } : {}) }]),
);

export const bundles = (): Uint8Array[] =>
  models().map((model) =>
    writeBundle({
      model,
      parameters: [
        { name: "a", shape: [3] },
        { name: "b", shape: [1] },
      ],
      createdBy: "ptychonaut fuzz",
      config: JSON.parse(JSON.stringify(settings)),
      scales: { photons: 1e5, inputScale: 0.25 },
      trainedOn: {
        ...{ name: "scan", N: 64, gridsize: 1, measurement: "amplitude", frames: 9 },
        ...{ probeModes: 1, probeCrc: 11, positionsCrc: 12 },
      },
      training: { epochs: 3, losses: [3, 2, 1.5] },
    }),
  );

export function checkpoints(): Uint8Array[] {
  const parameters = Float32Array.of(1, 2, 3, 4);
  const weights = { parameters, moments: [parameters, parameters], state: Float32Array.of(5) };
  const record: EpochRecord = {
    ...{ epoch: 1, step: 3, trainLoss: 2, train: { deviance: 2 }, validationLoss: 1, validation: { deviance: 1 } },
    ...{ learningRate: 1e-3, gradientNormBefore: 2, gradientNormAfter: 1, seconds: 0.5 },
  };
  const state = freshState(weights, [1, 2, 3, 4], { epoch: 1, rate: 1e-3, best: 1, stale: 0 });
  const best = { epoch: 1, value: 1, parameters, state: weights.state };
  const kept = [{ epoch: 1, value: 1 }];
  return [
    writeCheckpoint({ ...state, epoch: 1, step: 3, history: [record], best, kept }, { seed: 1, model: { N: 64 } }),
  ];
}

export const runs = (): Uint8Array[] =>
  (["train", "infer"] as const).map((command) =>
    text({
      command,
      inputs: [
        { path: "scan.npz", sha256: "0".repeat(64) },
        { path: "other.npz", sha256: null },
      ],
      settings: JSON.parse(JSON.stringify(settings)),
      overridden: [{ name: "maxEpochs", group: "training", value: 2, source: "override" }],
      seeds: { run: 42, grouping: 42 },
      workingFolder: "/somewhere",
      outcome: { status: "finished" },
      files: ["run.json"],
    }),
  );

export const settingsAlone = (): Uint8Array[] => [text({ ...parseSettings("data") })];

export const configs = (): Uint8Array[] => [
  text("model:\n  gridsize: 1\ntraining:\n  max_epochs: 30\nexecution:\n  scheduler: WarmupCosine\n"),
  text(
    "gridsize: 2\nmax_epochs: 3\nlearning_rate: 1e-3\nsimulate:\n  output: scan.npz\n  photons: 1e5\ntrain: &a\n  output_dir: run\n",
  ),
  text("data: {n_groups: 512, x_bounds: [0.1, 0.9]}\ntrain:\n  train_data_file: [a.npz, 'b, c.npz']\ninfer: null\n"),
];

export const jsonConfigs = (): Uint8Array[] => [
  text({ model: { gridsize: 1 }, training: { max_epochs: 30 }, simulate: { output: "scan.npz", photons: 1e5 } }),
];

/** Arrays of a network under the reference system's names, few and small. */
export const weights = (): Uint8Array[] => [
  writeNpz(
    Object.fromEntries(
      ["encoder.blocks.0.conv1", "encoder.blocks.0.conv2", "decoder_amp.conv", "decoder_phase.conv"].flatMap((name) => [
        [`${name}.weight`, { dtype: "float32" as const, shape: [2, 1, 1, 1], data: Float32Array.of(1, 2) }],
        [`${name}.bias`, { dtype: "float32" as const, shape: [2], data: Float32Array.of(1, 2) }],
      ]),
    ),
  ),
];
