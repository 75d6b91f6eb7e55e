import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ComplexArray } from "../src/arrays.ts";
import type { Settings } from "../src/config/group.ts";
import { openNpz } from "../src/formats/npz.ts";
import { onCanvas } from "../src/inference/onCanvas.ts";
import { nodeHome } from "../src/node/home.ts";
import {
  createInferencePayload,
  createTrainingPayload,
  readReconstructionFile,
  runTraining,
} from "../src/node/runs.ts";
import { runPrediction } from "../src/runs/infer/infer.ts";
import type { Home } from "../src/runs/machine.ts";
import { writeScanNpz } from "../src/scans/writeScanNpz.ts";
import type { SimulationOptions } from "../src/simulation/options.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { quietHooks } from "../test/runs/inferRun.ts";
import { reliabilityOf, report } from "./reliability.ts";

const USAGE = `npm run bench:network-confidence -- [--epochs N] [--patterns N] [--models FOLDER]
  Expected errors of trained networks against true ones, on simulated scans of four kinds and two doses. Each network is
  trained on the brighter scan of its kind. In FOLDER networks are kept, and not trained again.`;

/** Phases of up to 0.3 rad in matter that hardly absorbs. */
const weak = { amplitude: [1, 0.95], phase: [0, -0.3] } as const;

const kinds: readonly { readonly what: string; readonly name: string; readonly options: Partial<SimulationOptions> }[] =
  [
    { what: "lines", name: "lines", options: { object: "lines" } },
    { what: "dead leaves", name: "leaves", options: { object: "deadLeaves" } },
    { what: "Siemens star", name: "star", options: { object: "siemensStar" } },
    { what: "weak phase, Gaussian field", name: "weak", options: { object: "gaussianField", contrast: weak } },
  ];
const DOSES = [1e5, 1e3];

const { values } = parseArgs({
  options: {
    epochs: { type: "string", default: "6" },
    patterns: { type: "string", default: "196" },
    models: { type: "string" },
  },
});
const [epochs, patterns] = [Number(values.epochs), Number(values.patterns)];
if (!(epochs >= 1) || !(patterns >= 16)) throw new Error(USAGE);

const plain: Home = {
  ...nodeHome,
  machine: Object.create(nodeHome.machine, { pictures: { value: undefined } }) as Home["machine"],
};
const folder = mkdtempSync(join(tmpdir(), "network-confidence-"));
const path = (...names: string[]): string => join(folder, ...names);

async function train(scan: string, model: string): Promise<void> {
  if (existsSync(join(model, "model.zip"))) return;
  const settings: Settings = {
    ...{ gridsize: 1, nFiltersScale: 1, maxEpochs: epochs, seed: 1, loggerBackend: "none" },
    ...{ reconLogEveryNEpochs: 0, enableCheckpointing: false },
  };
  await runTraining(
    await createTrainingPayload({ trainDataFile: scan, outputDir: model, overwrite: true, overrides: settings }),
    quietHooks(),
  );
}

async function judge(what: string, scan: string, model: string, truth: ComplexArray): Promise<void> {
  const overrides = { confidence: true, threads: 1 };
  await runPrediction(
    await createInferencePayload({
      ...{ modelPath: model, testDataFile: scan, outputDir: path("out"), overwrite: true, overrides },
    }),
    quietHooks(),
    plain,
  );
  const { object, origin } = await readReconstructionFile(path("out", "reconstruction.npz"));
  const json = (name: string) => JSON.parse(readFileSync(path("out", name), "utf8"));
  const [{ complexError, halfData }, { seconds }] = [json("metrics.json"), json("run.json")];
  const file = openNpz(readFileSync(path("out", "confidence.npz")));
  const map = (name: string): Float64Array => Float64Array.from(file.read(name).data as Float32Array);
  const [amplitude, phase] = [map("amplitude_sigma"), map("phase_sigma")];
  const known = Uint8Array.from(phase, (value) => (Number.isNaN(value) ? 0 : 1));
  const [height, width] = object.shape;
  const seen = onCanvas(truth, [0, 0], { height, width, origin });
  console.log(
    `${what}; complex error ${complexError.toPrecision(3)}; half-bit ${halfData.refined?.frc.halfBit?.toPrecision(3) ?? "–"} px; prediction ${seconds.prediction.toFixed(1)} s, expected errors ${seconds.expectedErrors.toFixed(1)} s`,
  );
  report(reliabilityOf(object, seen, { amplitude, phase, known }));
}

try {
  for (const { what, name, options } of kinds)
    for (const photons of DOSES) {
      const dataset = simulate({
        ...{ n: 32, patterns, step: 3, seed: 7, smoothing: 1, scan: "fermat", photons },
        ...options,
      });
      if (dataset.object === undefined) throw new Error("a simulation without its object");
      writeFileSync(path("scan.npz"), writeScanNpz(dataset));
      const model = join(values.models ?? folder, name);
      await train(path("scan.npz"), model);
      await judge(`${what}, ${photons.toExponential()} photons`, path("scan.npz"), model, dataset.object);
    }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
