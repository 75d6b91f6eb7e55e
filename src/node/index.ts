/** The door of the package in Node: the core, and what needs files, threads and a choice of device. */
export * from "../index.ts";
export { chooseRuntime } from "../runtime/node/accelerator.ts";
export { locateBundle, readBundleFile } from "./bundleFiles.ts";
export type { RunHooks, RunOutcome } from "./cli/workflows.ts";
export {
  type ComparisonOptions,
  compareWithReference,
  type Reference,
  readReconstructionFile,
  readReference,
} from "./evaluate.ts";
export { readScan, writeAtomic } from "./files.ts";
export { runInference } from "./infer.ts";
export type { InferenceMetrics } from "./inferenceMetrics.ts";
export { createInferencePayload, createTrainingPayload } from "./payloads.ts";
export { type ProgressBar, silentProgress } from "./progress.ts";
export { runTraining } from "./train.ts";
