import type { DataConfig } from "../../config/dataConfig.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import type { Dataset } from "../../data/dataset.ts";
import { framesByScan } from "../../data/frameNumbers.ts";
import { PtychonautError } from "../../errors.ts";
import { planCanvas } from "../../inference/canvas.ts";
import { positionsOf } from "../../inference/predictPatches.ts";
import type { PreparedData } from "../../training/preparation.ts";

/** Things worth a look in how a training was set up. */
export function trainingWarnings(
  { data, model }: Pick<TrainingPayload, "data" | "model">,
  prepared: PreparedData,
): string[] {
  return [...prepared.warnings, ...cappedGroups(data, prepared), ...loneProbe(model)];
}

/**
 * A word about scans whose patches need too large a canvas to be put together.
 * @throws PtychonautError "usage" where training itself is to draw the object
 */
export function canvasWarnings(
  { model, execution }: Pick<TrainingPayload, "model" | "execution">,
  scans: readonly Dataset[],
  { training }: PreparedData,
): string[] {
  const inGroups = framesByScan(
    [...new Set(training.groups.frames)].sort((a, b) => a - b),
    scans,
  );
  return scans.flatMap(({ name, positions }, scan) => {
    const frames = inGroups[scan];
    // Another scan may have all the groups there are.
    if (frames.length === 0) return [];
    try {
      planCanvas(positionsOf(positions, frames), model.N / 2, { frames });
      return [];
    } catch (error) {
      if (!(error instanceof PtychonautError) || execution.reconLogStitch) throw error;
      return [`${name} can be trained on but not put together in one piece: ${error.message}`];
    }
  });
}

/** Patterns on their own cannot make more groups than there are. */
function cappedGroups({ nGroups }: DataConfig, { training, scales }: PreparedData): string[] {
  const { count } = training.groups;
  if (nGroups === null || nGroups * scales.length <= count) return [];
  return [`n_groups ${nGroups} is more than the ${count} patterns to train on: each is taken once an epoch`];
}

/** Patches that share no object can each make up for a wrong probe. */
function loneProbe({ probeTrainable, objectBig, gridsize }: TrainingPayload["model"]): string[] {
  if (!probeTrainable || (objectBig && gridsize > 1)) return [];
  return [
    "the patches share no object, which leaves probe and object hard to tell apart: gridsize 2 refines the probe better",
  ];
}
