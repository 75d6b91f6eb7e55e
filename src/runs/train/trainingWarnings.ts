import type { DataConfig } from "../../config/dataConfig.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import type { PreparedData } from "../../training/preparation.ts";

/** Things worth a look in how a training was set up. */
export function trainingWarnings(
  { data, model }: Pick<TrainingPayload, "data" | "model">,
  prepared: PreparedData,
): string[] {
  return [...prepared.warnings, ...cappedGroups(data, prepared), ...loneProbe(model)];
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
