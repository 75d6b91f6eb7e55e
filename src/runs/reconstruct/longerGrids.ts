import type { StageConfig } from "../../config/stages.ts";
import type { RunIdentity } from "../../training/checkpoint.ts";

/**
 * A run through grids that goes on with other epochs: the grids before the last stay as long as they were, as all stages
 * before the last do, and the rest of the epochs is the last one's. Where no epoch would be left to it nothing is changed.
 *
 * @param grids of the last stage as it was said, which are the last ones of the stages
 * @param saved the identity of the run that goes on
 */
export function longerGrids(stages: readonly StageConfig[], grids: number, saved: RunIdentity): readonly StageConfig[] {
  const before = savedEpochs(saved);
  const [first, last] = [stages.length - grids, stages.length - 1];
  if (before.length !== stages.length) return stages;
  const rest = stages
    .slice(first)
    .reduce((sum, { epochs }, k) => sum + epochs - (first + k < last ? before[first + k] : 0), 0);
  if (!(rest >= 1)) return stages;
  return stages.map((stage, i) => (i < first ? stage : { ...stage, epochs: i < last ? before[i] : rest }));
}

/** Of every stage; NaN of the last, whose epochs are not the run's identity. */
function savedEpochs({ stages }: RunIdentity): readonly number[] {
  if (!Array.isArray(stages)) return [];
  return stages.map(({ epochs }: Partial<StageConfig>) => epochs ?? Number.NaN);
}
