import type { Bundle } from "../bundle/bundle.ts";
import type {
  InferencePayload,
  InferenceRequest,
  ReconstructionPayload,
  ReconstructionRequest,
  TrainingPayload,
  TrainingRequest,
} from "../config/payload.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Reconstruction } from "../reconstructions/reconstructionNpz.ts";
import * as evaluation from "../runs/evaluate.ts";
import type { RunHooks, RunOutcome } from "../runs/hooks.ts";
import * as inference from "../runs/infer/inferAndRefine.ts";
import type { InferenceDeps } from "../runs/infer/inferenceRun.ts";
import * as bundles from "../runs/inputs/bundleFiles.ts";
import * as scans from "../runs/inputs/scans.ts";
import type { ObjectFile } from "../runs/objectFile.ts";
import * as payloads from "../runs/payloads.ts";
import * as reconstructions from "../runs/reconstruct/reconstruct.ts";
import * as training from "../runs/train/train.ts";
import type { ScanOptions } from "../scans/scanOptions.ts";
import { nodeHome } from "./home.ts";

/** What `runs/` has, on this computer and its disk; each is documented there. */

export function createTrainingPayload(request: TrainingRequest): Promise<TrainingPayload> {
  return payloads.createTrainingPayload(request, nodeHome);
}

export function createInferencePayload(request: InferenceRequest): Promise<InferencePayload> {
  return payloads.createInferencePayload(request, nodeHome);
}

export function createReconstructionPayload(request: ReconstructionRequest): Promise<ReconstructionPayload> {
  return payloads.createReconstructionPayload(request, nodeHome);
}

export function runTraining(payload: TrainingPayload, hooks: RunHooks): Promise<RunOutcome> {
  return training.runTraining(payload, hooks, nodeHome);
}

export function runInference(payload: InferencePayload, hooks: RunHooks, deps?: InferenceDeps): Promise<RunOutcome> {
  return inference.runInference(payload, hooks, nodeHome, deps);
}

export function runReconstruction(payload: ReconstructionPayload, hooks: RunHooks): Promise<RunOutcome> {
  return reconstructions.runReconstruction(payload, hooks, nodeHome);
}

export function readScan(path: string, options: ScanOptions = {}): Promise<Dataset> {
  return scans.readScan(path, options, nodeHome);
}

export function locateBundle(path: string): Promise<string> {
  return bundles.locateBundle(path, nodeHome.store);
}

export function readBundleFile(path: string): Promise<Bundle> {
  return bundles.readBundleFile(path, nodeHome.store);
}

export function readReconstructionFile(path: string): Promise<Reconstruction> {
  return evaluation.readReconstructionFile(path, nodeHome.store);
}

export function readReference(path: string, objectKey?: string): Promise<evaluation.Reference & ObjectFile> {
  return evaluation.readReference(path, nodeHome, objectKey);
}
