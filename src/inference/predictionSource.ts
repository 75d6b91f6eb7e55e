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

/**
 * Those that are led by a pattern which is in none before, and those that it takes for patterns which lead none: every
 * pattern that was in a group is in one, and few are in many.
 */
function coveringGroups({ size, count, frames, ...others }: Groups): Groups {
  const membersOf = (group: number): Int32Array => frames.subarray(group * size, (group + 1) * size);
  const covered = new Set<number>();
  const kept = new Set<number>();
  const keep = (wanted: (members: Int32Array) => boolean): void => {
    for (let group = 0; group < count; group++) {
      const members = membersOf(group);
      if (kept.has(group) || !wanted(members)) continue;
      kept.add(group);
      for (const frame of members) covered.add(frame);
    }
  };
  keep(([leader]) => !covered.has(leader));
  keep((members) => members.some((frame) => !covered.has(frame)));
  const inOrder = [...kept].sort((a, b) => a - b);
  return {
    ...others,
    size,
    count: kept.size,
    frames: Int32Array.from(inOrder.flatMap((group) => [...membersOf(group)])),
  };
}

function inNoGroup(frames: readonly number[]): string[] {
  if (frames.length === 0) return [];
  const [are, they] = frames.length === 1 ? ["pattern is", "it has"] : ["patterns are", "they have"];
  return [`${frames.length} ${are} in no group and left out, since ${they} too few neighbours: ${listFrames(frames)}`];
}
