import { scanOptions } from "../config/dataConfig.ts";
import type { FileProbe } from "../config/fileProbe.ts";
import type {
  InferencePayload,
  InferenceRequest,
  ReconstructionPayload,
  ReconstructionRequest,
  TrainingPayload,
  TrainingRequest,
} from "../config/payload.ts";
import { resolveInferencePayload } from "../config/resolve/infer.ts";
import { resolveReconstructionPayload } from "../config/resolve/reconstruct.ts";
import { resolveTrainingPayload } from "../config/resolve/train.ts";
import { readSavedConfig } from "../config/savedConfig.ts";
import { scanNumbers } from "../data/scanNumbers.ts";
import { claimFolder } from "./claimFolder.ts";
import { readBundleFile } from "./inputs/bundleFiles.ts";
import { scanFiles, scanShape } from "./inputs/scans.ts";
import type { Home } from "./machine.ts";

/** The payload factories' view of a home. */
export function fileProbe(home: Home): FileProbe {
  const { machine, store } = home;
  return {
    checkAccelerator: (...asked) => machine.checkAccelerator(...asked),
    scanFiles: (path) => scanFiles(path, store),
    async scanHeader(path, reading) {
      const {
        count: frames,
        height,
        width,
        photonsPerPattern,
        scanIndex,
      } = await scanShape(path, scanOptions(reading), home);
      return { frames, height, width, photonsPerPattern: photonsPerPattern ?? null, scans: scanNumbers(scanIndex) };
    },
    async bundleHeader(path) {
      const { manifest } = await readBundleFile(path, store);
      const { model, data, training } = readSavedConfig(manifest.config, path);
      return { model, data, batchSize: training.batchSize };
    },
    async prepareFolder(path, claim) {
      // One looks, before anybody writes.
      if (machine.ranks.rank === 0) await claimFolder(path, claim, store);
      await machine.ranks.barrier();
    },
  };
}

/**
 * Everything that a training run depends on, resolved and checked before anything runs. Precedence: overrides, execution
 * config, file, defaults.
 * @throws PtychonautError naming the setting or the file
 */
export function createTrainingPayload(request: TrainingRequest, home: Home): Promise<TrainingPayload> {
  return resolveTrainingPayload(request, fileProbe(home));
}

/**
 * Everything that a reconstruction depends on, resolved and checked before anything runs.
 * @throws PtychonautError naming the setting or the file; "bundle" when model and data do not fit
 */
export function createInferencePayload(request: InferenceRequest, home: Home): Promise<InferencePayload> {
  return resolveInferencePayload(request, fileProbe(home));
}

/**
 * Everything that an iterative reconstruction depends on, resolved and checked before anything runs.
 * @throws PtychonautError naming the setting or the file
 */
export function createReconstructionPayload(
  request: ReconstructionRequest,
  home: Home,
): Promise<ReconstructionPayload> {
  return resolveReconstructionPayload(request, fileProbe(home));
}
