import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { readBundle } from "../../src/bundle/bundle.ts";
import { dataFacts } from "../../src/bundle/fingerprint.ts";
import { probeScanFor, scalesFor } from "../../src/bundle/fitsData.ts";
import type { Settings } from "../../src/config/group.ts";
import type { TrainingPayload } from "../../src/config/payload.ts";
import { assembleBatch, type Batch, type BatchSource } from "../../src/data/batches.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { energyOf } from "../../src/data/normalisation.ts";
import { openNpz } from "../../src/formats/npz.ts";
import { initialise } from "../../src/nets/parameters.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createInferencePayload, createTrainingPayload, readScan } from "../../src/node/runs.ts";
import { Random } from "../../src/random.ts";
import { runInference } from "../../src/runs/infer/inferAndRefine.ts";
import { readSavedRun, repeatRequest } from "../../src/runs/savedRun.ts";
import { runTraining } from "../../src/runs/train/train.ts";
import { setUpTraining, stepBatchOf } from "../../src/runs/train/trainingSetup.ts";
import type { HostTensor } from "../../src/runtime/runtime.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { type PreparedData, prepareData } from "../../src/training/preparation.ts";
import { SAMPLE_WEIGHTS } from "../../src/training/stepModels.ts";
import { maxDeviation, testRuntime } from "../evaluate.ts";
import { quietHooks } from "../runs/inferRun.ts";
import { oneThread, plainHome } from "../runs/plainHome.ts";
import { tolerances } from "../tolerances.ts";

/** Two scans that differ in everything that a scan has of its own: object, probe, modes, dose, mask, number of patterns. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-scans-"));
const path = (...names: string[]): string => join(folder, ...names);
const N = 32;
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  const first = simulate({ n: N, patterns: 20, seed: 3, photons: 1e5, beamstop: 4 });
  const second = simulate({
    n: N,
    patterns: 28,
    seed: 4,
    photons: 3e3,
    modes: 2,
    probe: "gaussian",
    object: "deadLeaves",
  });
  const third = simulate({ n: N, patterns: 16, seed: 5, photons: 1e4 });
  const larger = simulate({ n: 40, patterns: 16, seed: 5, photons: 1e4 });
  for (const [name, scan] of Object.entries({ first, second, third, larger }))
    writeFileSync(path(`${name}.npz`), writeScanNpz(scan));
});

const small = { nFiltersScale: 1, batchSize: 2, maxEpochs: 1, accelerator: "cpu", reconLogEveryNEpochs: 0 };

const payloadFor = (files: readonly string[], settings: Settings, name = "run"): Promise<TrainingPayload> =>
  createTrainingPayload({
    trainDataFile: files.map((file) => path(file)),
    outputDir: path(name),
    overrides: { ...small, ...settings },
  });

describe("a batch of several scans", () => {
  it.each([
    ["deviance", { gridsize: 2, trainingPatchWeighting: "uniform" }],
    ["absolute error, affine", { gridsize: 1, lossFunction: "mae", intensityScaleTrainable: true }],
    ["rectangular model", { gridsize: 2, physicsForwardMode: "rectangular_scaled" }],
    ["trained probes", { gridsize: 2, probeTrainable: true }],
    ["a network that sees the probe", { gridsize: 2, objectBig: false, inputConditioning: "probe_real_imag" }],
    [
      "a network with the physics inside",
      { gridsize: 2, architecture: "unrolled", unrolledWidth: 4, nFiltersScale: 2 },
    ],
  ] as [string, Settings][])(
    "costs each sample what its own scan's model says, and so do the gradients: %s",
    async (_, settings) => {
      const files = ["first.npz", "second.npz"];
      const payload = await payloadFor(files, { ...settings, validationFraction: 0 });
      const scans = await Promise.all(files.map((file) => readScan(path(file))));
      const prepare = (own: readonly Dataset[]): PreparedData =>
        prepareData(own, undefined, payload.data, payload.model.gridsize, new Random(1));
      const joined = await costs(payload, scans, prepare(scans));
      const singles = await Promise.all(scans.map(async (scan) => costs(payload, [scan], prepare([scan]))));
      const countOfFirst = joined.source.experiments!.indexOf(1);
      const batch = assembleBatch(joined.source, request(3, countOfFirst + 5));
      expect(batch.experiments).toEqual(Int32Array.of(0, 1));
      const both = await joined.run(batch, Float32Array.of(0.25, 0.75));
      // The same two samples, each alone in a batch of the model that knows only its scan.
      const alone = await Promise.all(
        singles.map((single, scan) => {
          const images = batch.images.slice((scan * batch.images.length) / 2, ((scan + 1) * batch.images.length) / 2);
          const offsets = batch.offsets.slice(
            (scan * batch.offsets.length) / 2,
            ((scan + 1) * batch.offsets.length) / 2,
          );
          const twice = (a: Float32Array) => Float32Array.of(...a, ...a);
          const { experiments: __, ...rest } = batch;
          return single.run(
            { ...rest, images: twice(images), offsets: twice(offsets) },
            Float32Array.of([0.25, 0.75][scan], 0),
          );
        }),
      );
      const [a, b] = alone as [Costs, Costs];
      expectClose([both.loss], [a.loss + b.loss]);
      expectClose([both.deviance], [a.deviance + b.deviance]);
      for (const [name, gradient] of Object.entries(both.gradients)) {
        const [ga, gb] = [a.gradients[name], b.gradients[name]];
        expectClose(
          gradient,
          name.startsWith("physics.") ? inTurn(ga, gb, gradient.length) : Array.from(ga, (value, i) => value + gb[i]),
        );
      }
    },
  );
});

/**
 * Each scan's own numbers, which its own samples alone move; a mode that only the other scan has stays dark, so that nothing
 * moves it.
 */
const inTurn = (a: Float32Array, b: Float32Array, length: number): number[] => [
  ...a,
  ...new Float32Array(length - a.length - b.length),
  ...b,
];

interface Costs {
  readonly loss: number;
  readonly deviance: number;
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

/** The gradient model of a training on these scans, with weights that are the same for any number of scans. */
async function costs(payload: TrainingPayload, scans: readonly Dataset[], prepared: PreparedData) {
  const { models } = (await setUpTraining(payload, scans, prepared, testRuntime, nodeHome.machine)).main;
  const random = new Random(9);
  const network = models.specs.filter(({ name }) => !name.startsWith("physics."));
  const physics = models.specs.filter(({ name }) => name.startsWith("physics."));
  const values: Record<string, Float32Array> = { ...initialise(network, random), ...initialise(physics, random) };
  // Numbers that tell the scans apart: the first scan's and the second's.
  const known: Record<string, readonly number[]> = {
    "physics.s1": [1.2, 0.7],
    "physics.s2": [0.9, 1.3],
    "physics.alpha": [1.1, 0.8],
    "physics.beta": [0.02, -0.01],
  };
  const own = scans.length > 1 ? [0, 1] : [scans[0].name === "first" ? 0 : 1];
  for (const { name } of models.specs)
    if (known[name] !== undefined) values[name] = Float32Array.from(own, (scan) => known[name][scan]);
  const session = await testRuntime.load(models.gradient);
  return {
    source: prepared.training,
    async run(batch: Batch, weights: Float32Array): Promise<Costs> {
      const { inputs } = stepBatchOf(batch, payload.model.gridsize ** 2, { height: N, width: N });
      const feeds: Readonly<Record<string, HostTensor>> = {
        ...inputs,
        ...Object.fromEntries(models.specs.map(({ name, shape }) => [name, { data: values[name], shape }])),
        [SAMPLE_WEIGHTS]: { data: weights, shape: [2] },
      };
      const used = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]]));
      const out = await session.run(used);
      const grads = Object.entries(out).filter(([name]) => name.startsWith("grad/"));
      return {
        loss: Number(out["loss"].data[0]),
        deviance: Number(out["measure/deviance"].data[0]),
        gradients: Object.fromEntries(grads.map(([name, { data }]) => [name.slice(5), data as Float32Array])),
      };
    },
  };
}

const request = (...groups: number[]) => ({
  groups: Int32Array.from(groups),
  weights: new Float32Array(groups.length).fill(1),
});

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(maxDeviation(got, expected)).toBeLessThan(tolerances.otherSummationOrder);
}

describe("the material of several scans", () => {
  it("groups stay within their scan, each is normalised by itself, and each holds patterns back", async () => {
    const files = ["first.npz", "second.npz"];
    const payload = await payloadFor(files, { gridsize: 2, validationFraction: 0.2 });
    const scans = await Promise.all(files.map((file) => readScan(path(file))));
    const { training, validation, scales } = prepareData(scans, undefined, payload.data, 2, new Random(1));
    for (const source of [training, validation!]) {
      expect(new Set(source.experiments)).toEqual(new Set([0, 1]));
      for (let group = 0; group < source.groups.count; group++) {
        const members = source.groups.frames.subarray(4 * group, 4 * group + 4);
        const scan = source.experiments![group];
        for (const frame of members) expect(frame >= 20 ? 1 : 0).toBe(scan);
        const { images } = assembleBatch(source, request(group));
        expect(images).toEqual(
          inputOf(
            scans[scan],
            members.map((frame) => frame - 20 * scan),
            scales[scan].inputScale,
          ),
        );
      }
    }
    const framesOf = ({ groups }: BatchSource): Set<number> => new Set(groups.frames);
    for (const frame of framesOf(validation!)) expect(framesOf(training).has(frame)).toBe(false);
    expect(scales[0].photonsPerPattern).toBe(1e5);
    expect(scales[1].photonsPerPattern).toBe(3e3);
  });
});

/** Network input of frames as a single scan's reader and normalisation make it. */
function inputOf({ patterns, mask }: Dataset, frames: ArrayLike<number>, inputScale: number): Float32Array {
  const out = new Float32Array(frames.length * N * N);
  patterns.read(frames, out);
  return out.map((value, i) => Math.fround(value * inputScale) * (mask?.data[i % (N * N)] ?? 1));
}

describe("training on several scans", () => {
  it("knows each of them again, in inference on any and on another scan", async () => {
    const files = ["first.npz", "second.npz"];
    const settings = { profile: "ci", measurement: "amplitude", gridsize: 1, batchSize: 8, numWorkers: 1 };
    const payload = await payloadFor(files, { ...settings, patternsInMemory: "no" }, "both");
    expect(payload.data.nphotons).toBeNull();
    const hooks = quietHooks();
    expect((await runTraining(payload, hooks, plainHome)).status).toBe("finished");
    const { manifest } = readBundle(readFileSync(path("both", "model.zip")));
    expect(manifest.scans!.map(({ facts }) => [facts.name, facts.frames, facts.probeModes])).toEqual([
      ["first", 20, 1],
      ["second", 28, 2],
    ]);
    const [one, two] = manifest.scans!.map(({ scales }) => scales) as [Record<string, number>, Record<string, number>];
    expect(one["s1"]).not.toBe(two["s1"]);
    expect(manifest.scales["s1"]).toBeCloseTo((one["s1"] + two["s1"]) / 2, 5);
    const second = await readScan(path("second.npz"));
    expect(scalesFor(manifest, dataFacts(second, 1))).toBe(manifest.scans![1].scales);
    const third = await readScan(path("third.npz"));
    expect(scalesFor(manifest, dataFacts(third, 1))).toBe(manifest.scales);

    for (const [name, warns] of [
      ["second", false],
      ["third", true],
    ] as const) {
      const inferring = await createInferencePayload({
        modelPath: path("both"),
        testDataFile: path(`${name}.npz`),
        outputDir: path(`object-${name}`),
        overrides: { accelerator: "cpu", measurement: "amplitude" },
      });
      const heard = quietHooks();
      expect((await runInference(inferring, heard, plainHome)).status).toBe("finished");
      expect(heard.warnings.some((line) => /another scan than the training data \(first, second\)/.test(line))).toBe(
        warns,
      );
    }

    const run = await readSavedRun(path("both", "run.json"), nodeHome.store);
    expect(run.inputs.map((input) => input.path)).toEqual(files.map((file) => path(file)));
    expect(repeatRequest(run, "again").request).toMatchObject({ trainDataFile: files.map((file) => path(file)) });
  }, 180_000);
});

describe("several scans in one training", () => {
  const files = ["first.npz", "second.npz"];

  it("have their own labels, and held-back patterns those of their scan", async () => {
    const payload = await payloadFor(files, { modelType: "supervised", gridsize: 1, numWorkers: 1 }, "labels");
    const lines: string[] = [];
    await runTraining(payload, { ...quietHooks(), log: (line) => void lines.push(line) }, plainHome);
    expect(lines.filter((line) => /^labels of (first|second): cut from the object/.test(line))).toHaveLength(2);
    // One number of both, which names them.
    expect(lines.filter((line) => /explained|flat within/.test(line))).toEqual([
      expect.stringMatching(/^validation, both scans together \(first, second\): deviance \d/),
    ]);
    const { history } = JSON.parse(readFileSync(path("labels", "training.json"), "utf8"));
    expect(history[0].validation.label_phase_error).toBeGreaterThan(0);
  }, 120_000);

  it("show the network the probe of each, in training and in pictures", async () => {
    const settings = {
      gridsize: 1,
      inputConditioning: "probe_real_imag",
      reconLogEveryNEpochs: 1,
      logPatchStats: true,
    };
    const payload = await payloadFor(files, { ...settings, measurement: "amplitude" }, "seeing");
    expect((await runTraining(payload, quietHooks(), oneThread)).status).toBe("finished");
    expect(existsSync(path("seeing", "reconstructions", "epoch_0001.png"))).toBe(true);
  }, 120_000);

  it("refine a probe and intensities each, which inference and the files find by scan", async () => {
    const settings = { gridsize: 2, probeTrainable: true, frameIntensityTrainable: true, validationFraction: 0.2 };
    const payload = await payloadFor(files, { ...settings, measurement: "amplitude" }, "refined");
    expect((await runTraining(payload, quietHooks(), plainHome)).status).toBe("finished");
    const scans = await Promise.all(files.map((file) => readScan(path(file))));

    const bundle = readBundle(readFileSync(path("refined", "model.zip")));
    expect(bundle.probe!.shape).toEqual([2, 2, N, N]);
    for (const [i, scan] of scans.entries()) {
      const probes = openNpz(readFileSync(path("refined", `probe_${i + 1}.npz`)));
      const [trained, start] = (["probeGuess", "probeStart"] as const).map((key) => {
        const { shape, data } = probes.readNumbers(key);
        return { shape, data: Float32Array.from(data) };
      }) as [ComplexArray, ComplexArray];
      expect(trained.shape).toEqual(scan.probe.shape);
      expect(start.data).toEqual(scan.probe.data);
      expect(trained.data).not.toEqual(start.data);
      expect(energyOf(trained) / energyOf(start)).toBeCloseTo(1, 5);
      expect(probeScanFor(bundle.manifest, dataFacts(scan, 2))).toMatchObject({ number: i, isOwn: true });
    }
    const intensities = openNpz(readFileSync(path("refined", "intensities.npz")));
    const column = (name: string): number[] => Array.from(intensities.readNumbers(name).data, Number);
    const [scan, frame, factor] = [column("scan"), column("frame"), column("frame_intensity")];
    for (const i of [0, 1]) {
      const own = factor.filter((_, k) => scan[k] === i);
      expect(own.reduce((a, b) => a + b, 0) / own.length).toBeCloseTo(1, 10);
      expect(Math.max(...frame.filter((_, k) => scan[k] === i))).toBeLessThan(scans[i].patterns.count);
    }

    const inferring = await createInferencePayload({
      modelPath: path("refined"),
      testDataFile: path("second.npz"),
      outputDir: path("object-refined"),
      overrides: { accelerator: "cpu", measurement: "amplitude" },
    });
    const heard = quietHooks();
    await runInference(inferring, heard, plainHome);
    expect(JSON.parse(readFileSync(path("object-refined", "run.json"), "utf8")).probe).toBe("training");
  }, 180_000);
});

describe("several scans are refused", () => {
  it.each([
    [
      "of patterns of another size, naming the file",
      ["first.npz", "larger.npz"],
      {},
      /N does not fit the data; in .*larger\.npz/,
    ],
    ["named twice", ["first.npz", "first.npz"], {}, /a scan is named twice.*first\.npz/],
    ["beside a scan to validate on", ["first.npz", "second.npz"], { testDataFile: "third.npz" }, /single scan/],
  ] as [string, string[], Settings, RegExp][])("%s", async (_, files, settings, message) => {
    const { testDataFile, ...rest } = settings;
    const more = testDataFile === undefined ? rest : { ...rest, testDataFile: path(String(testDataFile)) };
    await expect(payloadFor(files, more)).rejects.toThrow(message);
  });

  it("a folder stands for its scans, by name", async () => {
    const payload = await payloadFor([""], { N: 32 }).catch((error: Error) => error.message);
    // The folder holds larger.npz too.
    expect(payload).toMatch(/N does not fit the data; in .*larger\.npz/);
  });
});
