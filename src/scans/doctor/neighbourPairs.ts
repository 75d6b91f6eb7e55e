import { nearestNeighbours } from "../../data/neighbours.ts";
import type { Subject } from "./subject.ts";

/** Two frames that are near each other in the scan. */
export interface Pair {
  readonly a: number;
  readonly b: number;
  /** Object pixels. */
  readonly distance: number;
}

/** Frames that neighbours are looked up for: enough for any statistic. */
const MOST_ANCHORS = 4000;

/** Frames that are used: placed, lit, and not left out; of several scans in a file those of the first, the others lie elsewhere. */
export function usedFrames({ facts: { positions, frames, patterns, skipped = [], scanIndex } }: Subject): number[] {
  if (positions === undefined || frames === undefined || patterns === undefined) return [];
  if (positions.length !== 2 * patterns.count) return [];
  const out = new Set([...skipped, ...patterns.badFrames, ...patterns.emptyFrames]);
  return Array.from({ length: patterns.count }, (_, frame) => frame).filter(
    (frame) => !out.has(frame) && scanIndex?.[frame] === scanIndex?.[0],
  );
}

/**
 * Each frame with its nearest others, at most `count` of them; of a long scan that of whole stretches, evenly spread.
 * @param used frames, ascending
 */
export function neighbourPairs(positions: Float64Array, used: readonly number[], count: number): Pair[] {
  const anchors = stretches(used);
  return nearestNeighbours(positions, used, count, anchors).flatMap(([a, ...others]) =>
    others.map((b) => ({
      a,
      b,
      distance: Math.hypot(positions[2 * a] - positions[2 * b], positions[2 * a + 1] - positions[2 * b + 1]),
    })),
  );
}

function stretches(used: readonly number[]): number[] {
  if (used.length <= MOST_ANCHORS) return [...used];
  const parts = 20;
  const each = MOST_ANCHORS / parts;
  return Array.from({ length: parts }, (_, k) => {
    const first = Math.floor((k * (used.length - each)) / (parts - 1));
    return used.slice(first, first + each);
  }).flat();
}

/** Which of so many equal stretches of the scan a frame lies in. */
export const blockOf = (frame: number, count: number, blocks: number): number =>
  Math.min(blocks - 1, Math.floor((frame * blocks) / count));
