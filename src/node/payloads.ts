import { scanOptions } from "../config/dataConfig.ts";
import type { FileProbe } from "../config/fileProbe.ts";
import type { InferencePayload, InferenceRequest, TrainingPayload, TrainingRequest } from "../config/payload.ts";
import { resolveInferencePayload } from "../config/resolve/infer.ts";
import { resolveTrainingPayload } from "../config/resolve/train.ts";
import { readSavedConfig } from "../config/savedConfig.ts";
import { scanNumbers } from "../data/scanNumbers.ts";
import { checkAccelerator } from "../runtime/node/accelerator.ts";
import { readBundleFile } from "./files/bundleFiles.ts";
import { ensureOutputDir, scanFiles, scanShape } from "./files/files.ts";

/** The payload factories' view of this machine. */
export const fileProbe: FileProbe = {
  checkAccelerator,
  scanFiles,
  async scanHeader(path, reading) {
    const { count: frames, height, width, photonsPerPattern, scanIndex } = await scanShape(path, scanOptions(reading));
    return { frames, height, width, photonsPerPattern: photonsPerPattern ?? null, scans: scanNumbers(scanIndex) };
  },
  async bundleHeader(path) {
    const { manifest } = await readBundleFile(path);
    const { model, data, training } = readSavedConfig(manifest.config, path);
    return { model, data, batchSize: training.batchSize };
  },
  prepareFolder: ensureOutputDir,
};

/**
 * Everything that a training run depends on, resolved and checked before anything runs. Precedence: overrides, execution
 * config, file, defaults.
 * @throws PtychonautError naming the setting or the file
 */
export function createTrainingPayload(request: TrainingRequest): Promise<TrainingPayload> {
  return resolveTrainingPayload(request, fileProbe);
}

/**
 * Everything that a reconstruction depends on, resolved and checked before anything runs.
 * @throws PtychonautError naming the setting or the file; "bundle" when model and data do not fit
 */
export function createInferencePayload(request: InferenceRequest): Promise<InferencePayload> {
  return resolveInferencePayload(request, fileProbe);
}
