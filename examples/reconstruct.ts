/**
 * A whole run from code: a scan with a known answer, a network that learns from its diffraction alone, the object that it
 * reconstructs, and how close that is to the truth.
 *
 *     npx tsx examples/reconstruct.ts FOLDER [EPOCHS]
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  compareWithReference,
  createInferencePayload,
  createTrainingPayload,
  type RunHooks,
  readReconstructionFile,
  readReference,
  runInference,
  runTraining,
  silentProgress,
  simulate,
  writeAtomic,
  writeScanNpz,
} from "ptychonaut";

const [folder = "example-run", epochs = "4"] = process.argv.slice(2);
await mkdir(folder, { recursive: true });

// 1. A scan: a Siemens star under a focused probe, 300 patterns of 64 × 64, a million photons each.
const scan = join(folder, "scan.npz");
const dataset = simulate({ n: 64, patterns: 300, object: "siemensStar", photons: 1e6, seed: 3 });
await writeAtomic(scan, writeScanNpz(dataset));

// 2. The first Ctrl-C ends the step at hand and saves; the run can be resumed.
const controller = new AbortController();
process.once("SIGINT", () => controller.abort());
const hooks: RunHooks = {
  signal: controller.signal,
  log: console.log,
  warn: console.warn,
  progress: () => silentProgress,
};

// 3. Settings have the names of the command line's flags, in camel case. All are checked before anything runs.
const training = await createTrainingPayload({
  trainDataFile: scan,
  outputDir: join(folder, "training"),
  overwrite: true, // this example starts anew each time; else the training that is there would not be lost unasked
  overrides: { gridsize: 1, nFiltersScale: 1, maxEpochs: Number(epochs), batchSize: 8, learningRate: 1e-3, seed: 3 },
});
const { status } = await runTraining(training, hooks);
console.log(`training: ${status}`);

// 4. The object, from the model's folder and a scan: here the same one, as well another.
const inference = await createInferencePayload({
  modelPath: join(folder, "training"),
  testDataFile: scan,
  outputDir: join(folder, "object"),
});
await runInference(inference, hooks);

// 5. Numbers against the truth, which the simulated scan has with it.
const reconstruction = await readReconstructionFile(join(folder, "object", "reconstruction.npz"));
const { phase, complexError } = compareWithReference(reconstruction, await readReference(scan));
console.log(`phase correlation ${phase.correlation.toFixed(3)}, complex error ${complexError.toFixed(3)}`);
