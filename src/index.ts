/**
 * The door of the core: what programs in Node, in pages and in workers may rely on. Everything else in `src/` may change
 * from one minor version to the next.
 */

// Arrays, errors, random numbers.
export { amplitudeOf, type ComplexArray, joinComplex, phaseOf, type RealArray, splitComplex } from "./arrays.ts";
// Saved models.
export { type Bundle, readBundle } from "./bundle/bundle.ts";
export type { Manifest } from "./bundle/manifest.ts";
// Settings.
export type {
  InferencePayload,
  InferenceRequest,
  ReconstructionPayload,
  ReconstructionRequest,
  TrainingPayload,
  TrainingRequest,
} from "./config/payload.ts";
export { configJsonSchema } from "./config/schema.ts";
// Scans.
export type { Dataset, Measurement, PatternOrigin, Patterns, Provenance } from "./data/dataset.ts";
export { memoryPatterns } from "./data/memoryPatterns.ts";
export { computeScales, type Scales, scaledProbe } from "./data/normalisation.ts";
export { type ErrorDetails, type ErrorKind, PtychonautError } from "./errors.ts";
export type { ArrayFile } from "./formats/arrayFile.ts";
export type { ByteSource } from "./formats/byteSource.ts";
export { openArrayFile } from "./formats/containers.ts";
export type { Neighbours } from "./formats/neighbours.ts";
// From a trained network to an object.
export { type Canvas, planCanvas } from "./inference/canvas.ts";
export { probeWeights, uniformWeights } from "./inference/patchWeights.ts";
export { loadPredictor, type Predictor } from "./inference/predictor.ts";
export { toReconstruction } from "./inference/reconstruction.ts";
export { createStitcher, type Stitched, type Stitcher } from "./inference/stitch.ts";
// Measures.
export { deviance } from "./metrics/deviance.ts";
export { type EvaluationOptions, evaluateReconstruction, type Metrics } from "./metrics/evaluate.ts";
export type { Geometry, GeometryStatement } from "./optics/geometry.ts";
export { Random } from "./random.ts";
export { type Reconstruction, readReconstruction, writeReconstruction } from "./reconstructions/reconstructionNpz.ts";
// Whole runs, in any home: a page, a worker, Node (whose door binds those of training, inference and reconstruction to its own).
export { type LinesOutcome, type LinesRequest, runLinesBenchmark } from "./runs/benchmark/lines.ts";
export type { CompareOutcome } from "./runs/compare/compare.ts";
export { type ComparisonRequest, inferenceFolder, runComparison } from "./runs/compare/comparison.ts";
export { type CompareEntry, resolveEntries } from "./runs/compare/entries.ts";
export {
  type ComparisonOptions,
  compareWithReference,
  type Reference,
  readReconstructionFile,
  readReference,
} from "./runs/evaluate.ts";
export { type Evaluation, type EvaluationRequest, runEvaluation } from "./runs/evaluation.ts";
export type { RunHooks, RunOutcome, Workflows } from "./runs/hooks.ts";
export { runImportWeights } from "./runs/importWeights.ts";
export { runInference } from "./runs/infer/inferAndRefine.ts";
export type { InferenceMetrics } from "./runs/infer/inferenceMetrics.ts";
export { locateBundle, readBundleFile } from "./runs/inputs/bundleFiles.ts";
export { readScan } from "./runs/inputs/scans.ts";
export { runInspection } from "./runs/inspect.ts";
export type { About, Home, LoaderOptions, Machine, ReplicaOptions } from "./runs/machine.ts";
export { memoryStore } from "./runs/memoryStore.ts";
export { createInferencePayload, createReconstructionPayload, createTrainingPayload } from "./runs/payloads.ts";
export { type ProgressBar, silentProgress } from "./runs/progress.ts";
export { runReconstruction } from "./runs/reconstruct/reconstruct.ts";
export { runSimulation, type SimulationRequest } from "./runs/simulate.ts";
export { runSplit, type SplitRequest } from "./runs/split.ts";
export type { OpenFile, RunStore, ScratchFolder } from "./runs/store.ts";
export { runTraining } from "./runs/train/train.ts";
// Where graphs run.
export type { Accelerator } from "./runtime/accelerator.ts";
export type { HostTensor, Provider, Runtime, Session, SessionOptions } from "./runtime/runtime.ts";
export { inspectScan, type ScanInspection } from "./scans/inspect/inspectScan.ts";
export { readScanArrays } from "./scans/registry.ts";
export { readScanNpz } from "./scans/scanNpz.ts";
export type { ScanOptions } from "./scans/scanOptions.ts";
export { writeScanNpz } from "./scans/writeScanNpz.ts";
export type { SimulationOptions } from "./simulation/options.ts";
export { type SimulatedScan, simulate, simulateScan } from "./simulation/simulate.ts";
