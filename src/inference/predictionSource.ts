import type { DataConfig } from "../config/dataConfig.ts";
import { neighbourRule, statedDose } from "../config/scanUse.ts";
import { type BatchSource, batchSource } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { framesInUse } from "../data/frameRanges.ts";
import { type Groups, makeGroups } from "../data/grouping.ts";
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
 * Patterns lead groups of their true neighbours, in the order of the file; with gridsize 1 a group is a pattern. A pattern
 * without enough neighbours leads none, but may be in the groups of others.
 *
 * @param nPatterns how many patterns to take, from the first; null: all
 * @param leaders each of the patterns, so that nearly all are predicted gridsize² times in different company; or those that
 *   are in no group yet, for networks whose patches hardly depend on the company: half the time at gridsize 2, and the same
 *   object (docs/generators.md)
 * @throws PtychonautError "usage" when no group can be made
 */
export function predictionSource(
  dataset: Dataset,
  data: DataConfig,
  gridsize: number,
  nPatterns: number | null,
  leaders: "all" | "uncovered" = "all",
): PredictionSource {
  const { patterns, positions } = dataset;
  const chosen = framesInUse(dataset).slice(0, nPatterns ?? patterns.count);
  const scales = computeScales(dataset, chosen, statedDose(data));
  const window = patterns.height;
  const options = { size: gridsize ** 2, neighbours: neighbourRule(data), sequential: true, window };
  const all = makeGroups(positions, chosen, options, new Random(data.subsampleSeed));
  const groups = leaders === "all" ? all : coveringGroups(all);
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

/** Those that are led by a pattern which is in none before: every pattern stays in one at least, and few are in many. */
function coveringGroups({ size, frames, ...others }: Groups): Groups {
  const covered = new Set<number>();
  const kept: number[] = [];
  for (let at = 0; at < frames.length; at += size) {
    if (covered.has(frames[at])) continue;
    const members = frames.subarray(at, at + size);
    for (const frame of members) covered.add(frame);
    kept.push(...members);
  }
  return { ...others, size, count: kept.length / size, frames: Int32Array.from(kept) };
}

function inNoGroup(frames: readonly number[]): string[] {
  if (frames.length === 0) return [];
  const [are, they] = frames.length === 1 ? ["pattern is", "it has"] : ["patterns are", "they have"];
  return [`${frames.length} ${are} in no group and left out, since ${they} too few neighbours: ${listFrames(frames)}`];
}
