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
export type { InferencePayload, InferenceRequest, TrainingPayload, TrainingRequest } from "./config/payload.ts";
export { configJsonSchema } from "./config/schema.ts";
// Scans.
export type { Dataset, Measurement, Patterns, Provenance } from "./data/dataset.ts";
export { memoryPatterns } from "./data/memoryPatterns.ts";
export { computeScales, type Scales, scaledProbe } from "./data/normalisation.ts";
export { type ErrorDetails, type ErrorKind, PtychonautError } from "./errors.ts";
// From a trained network to an object.
export { type Canvas, planCanvas } from "./inference/canvas.ts";
export { probeWeights, uniformWeights } from "./inference/patchWeights.ts";
export { loadPredictor, type Predictor } from "./inference/predictor.ts";
export { toReconstruction } from "./inference/reconstruction.ts";
export { createStitcher, type Stitched, type Stitcher } from "./inference/stitch.ts";
// Measures.
export { deviance } from "./metrics/deviance.ts";
export { type EvaluationOptions, evaluateReconstruction, type Metrics } from "./metrics/evaluate.ts";
export { Random } from "./random.ts";
export { type Reconstruction, readReconstruction, writeReconstruction } from "./reconstructions/reconstructionNpz.ts";
// Where graphs run.
export type { Accelerator } from "./runtime/accelerator.ts";
export type { HostTensor, Provider, Runtime, Session, SessionOptions } from "./runtime/runtime.ts";
export { inspectScan, type ScanInspection } from "./scans/inspect/inspectScan.ts";
export { readScanNpz } from "./scans/scanNpz.ts";
export type { ScanOptions } from "./scans/scanOptions.ts";
export { writeScanNpz } from "./scans/writeScanNpz.ts";
export type { SimulationOptions } from "./simulation/options.ts";
export { type SimulatedScan, simulate, simulateScan } from "./simulation/simulate.ts";
