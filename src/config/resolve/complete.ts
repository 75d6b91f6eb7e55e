import type { DataConfig, DataSettings } from "../dataConfig.ts";
import type { ExecutionConfig } from "../executionConfig.ts";
import { allOf } from "../fields.ts";
import type { InferenceConfig, InferenceSettings } from "../inferenceConfig.ts";
import type { ModelConfig, ModelSettings } from "../modelConfig.ts";
import type { ReconstructionConfig, ReconstructionSettings } from "../reconstructionConfig.ts";
import type { TrainingConfig, TrainingSettings } from "../trainingConfig.ts";
import { wrapperList } from "../wrapperList.ts";

/**
 * Settings that were left open, completed from elsewhere: each in one place, whoever asks (a new run, a saved one, the
 * rules, which must tell a value that was said from one that follows).
 */

/** N is the side of the patterns. */
export function completeModel(settings: ModelSettings, N: number): ModelConfig {
  return {
    ...settings,
    N,
    objectBig: settings.objectBig ?? settings.gridsize > 1,
    probeMaskDiameter: settings.probeMaskDiameter ?? N / 2,
  };
}

/**
 * @param seed of the run
 * @param stated mean photons per pattern, as the scan's metadata say it; counts hold their dose themselves
 */
export function completeData(
  settings: DataSettings,
  gridsize: number,
  seed: number,
  stated: number | null = null,
): DataConfig {
  const counted = settings.measurementDomain === "count_intensity" || settings.measurement === "counts";
  return {
    ...settings,
    nphotons: settings.nphotons ?? (counted ? null : stated),
    subsampleSeed: settings.subsampleSeed ?? seed,
    neighborCount: settings.neighborCount ?? Math.max(4, gridsize ** 2 - 1),
  };
}

/** Milestones at half and three quarters of the epochs. */
export function completeTraining(settings: TrainingSettings): TrainingConfig {
  const { maxEpochs } = settings;
  const epochs = new Set([Math.round(maxEpochs / 2), Math.round((3 * maxEpochs) / 4)]);
  return {
    ...settings,
    multistageMilestones: settings.multistageMilestones ?? [...epochs].filter((epoch) => epoch >= 1),
  };
}

/** Half of each patch is stitched; a format that stands alone is a list of one. */
export function completeInference(settings: InferenceSettings, N: number): InferenceConfig {
  return { ...settings, middleTrim: settings.middleTrim ?? N / 2, outputFormat: allOf(settings.outputFormat) };
}

export const completeReconstruction = (settings: ReconstructionSettings): ReconstructionConfig => ({
  ...settings,
  outputFormat: allOf(settings.outputFormat),
  wrappers: wrapperList(settings.wrappers),
});

/** A prediction batch is as large as one of the training. */
export function completeExecution(
  settings: ExecutionConfig,
  trainingBatch: number,
): ExecutionConfig & { readonly inferenceBatchSize: number } {
  return { ...settings, inferenceBatchSize: settings.inferenceBatchSize ?? trainingBatch };
}
