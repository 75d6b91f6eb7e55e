import type { DataConfig } from "../config/dataConfig.ts";
import { neighbourRule, statedDose } from "../config/scanUse.ts";
import { type BatchSource, batchSource } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { framesInUse } from "../data/frameRanges.ts";
import { makeGroups } from "../data/grouping.ts";
import { loneFramesWarning, partsWarning } from "../data/groupingWarnings.ts";
import { computeScales, type Scales } from "../data/normalisation.ts";
import { listFrames } from "../data/scanParts.ts";
import { Random } from "../random.ts";

/** The patterns of a scan as a trained network takes them. */
export interface PredictionSource {
  readonly source: BatchSource;
  /** The normalisation of these data: input and probe are scaled by the new scan's own energies. */
  readonly scales: Scales;
  /** Patterns that are in some group, ascending. */
  readonly frames: readonly number[];
  /** Which patterns are too far from the others, and which are in no group, for people. */
  readonly warnings: readonly string[];
}

/**
 * Every pattern leads one group of its true neighbours, in the order of the file; with gridsize 1 a group is a pattern.
 * A pattern without enough neighbours leads none, but may be in the groups of others.
 *
 * @param nPatterns how many patterns to take, from the first; null: all
 * @throws PtychonautError "usage" when no group can be made
 */
export function predictionSource(
  dataset: Dataset,
  data: DataConfig,
  gridsize: number,
  nPatterns: number | null,
): PredictionSource {
  const { patterns, positions } = dataset;
  const chosen = framesInUse(dataset).slice(0, nPatterns ?? patterns.count);
  const scales = computeScales(dataset, chosen, statedDose(data));
  const window = patterns.height;
  const options = { size: gridsize ** 2, neighbours: neighbourRule(data), sequential: true, window };
  const groups = makeGroups(positions, chosen, options, new Random(data.subsampleSeed));
  const taken = new Set(groups.frames);
  return {
    source: batchSource(dataset, scales, groups),
    scales,
    frames: [...taken].sort((a, b) => a - b),
    warnings: [
      ...partsWarning(positions, window, chosen),
      ...loneFramesWarning(groups),
      ...inNoGroup(chosen.filter((frame) => !taken.has(frame))),
    ],
  };
}

function inNoGroup(frames: readonly number[]): string[] {
  if (frames.length === 0) return [];
  const [are, they] = frames.length === 1 ? ["pattern is", "it has"] : ["patterns are", "they have"];
  return [`${frames.length} ${are} in no group and left out, since ${they} too few neighbours: ${listFrames(frames)}`];
}
