/** The door of the package in Node: the core, and what needs files, threads and a choice of device. */
export * from "../index.ts";
export {
  type ComparisonOptions,
  compareWithReference,
  type Reference,
  readReconstructionFile,
  readReference,
} from "../runs/evaluate.ts";
export type { RunHooks, RunOutcome } from "../runs/hooks.ts";
export { runInference } from "../runs/infer/infer.ts";
export type { InferenceMetrics } from "../runs/infer/inferenceMetrics.ts";
export { type ProgressBar, silentProgress } from "../runs/progress.ts";
export { runTraining } from "../runs/train/train.ts";
export { chooseRuntime } from "../runtime/node/accelerator.ts";
export { locateBundle, readBundleFile } from "./files/bundleFiles.ts";
export { readScan, writeAtomic } from "./files/files.ts";
export { createInferencePayload, createTrainingPayload } from "./payloads.ts";
