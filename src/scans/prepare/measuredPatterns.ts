import type { Measurement, Patterns } from "../../data/dataset.ts";
import type { PatternOperation } from "../../data/patternOperation.ts";
import { operate } from "../../data/patternOperations.ts";
import { type PixelStatistics, pixelTally } from "../../data/pixelStatistics.ts";

/** What one pass over the patterns says, before and after values are changed. */
export interface MeasuredPatterns {
  /** Of the patterns as they are, where asked for. */
  readonly pixels?: PixelStatistics;
  /** Mean counts in a frame, before the first operation and after each. */
  readonly counts: readonly number[];
  /** `[y, x]`: mean counts after the last one. */
  readonly mean: Float64Array;
}

/** Frames read at a time: bounds the memory, whatever the scan's size. */
const CHUNK_BYTES = 2 ** 24;

/**
 * One pass, in float64. Frames with numbers that no detector measures, which others may leave out, count nothing.
 * @param operations that change values alone
 * @param skipped frames that are left out
 */
export function measuredPatterns(
  patterns: Patterns,
  measurement: Measurement,
  operations: readonly PatternOperation[],
  { skipped = [], pixels = false }: { readonly skipped?: readonly number[]; readonly pixels?: boolean } = {},
): MeasuredPatterns {
  const { count, height, width } = patterns;
  const size = height * width;
  const left = new Set(skipped);
  const frames = Array.from({ length: count }, (_, frame) => frame).filter((frame) => !left.has(frame));
  const tally = pixels ? pixelTally({ height, width }) : undefined;
  const step = Math.max(1, Math.floor(CHUNK_BYTES / (4 * size)));
  const buffer = new Float32Array(Math.min(step, frames.length) * size);
  const totals = new Float64Array(operations.length + 1);
  const mean = new Float64Array(size);
  let used = 0;
  for (let first = 0; first < frames.length; first += step) {
    const some = frames.slice(first, first + step);
    const values = buffer.subarray(0, some.length * size);
    patterns.read(some, values);
    tally?.add(values);
    for (let start = 0; start < values.length; start += size) {
      const frame = values.subarray(start, start + size);
      const raw = countsIn(frame, measurement);
      if (!Number.isFinite(raw)) continue;
      used++;
      totals[0] += raw;
      operations.forEach((operation, k) => {
        operate(operation, frame, [height, width], measurement, frame);
        totals[k + 1] += countsIn(frame, measurement);
      });
      if (measurement === "counts") for (let i = 0; i < size; i++) mean[i] += frame[i];
      else for (let i = 0; i < size; i++) mean[i] += frame[i] * frame[i];
    }
  }
  const frequent = Math.max(1, used);
  for (let i = 0; i < size; i++) mean[i] /= frequent;
  const statistics = tally?.finish();
  return {
    ...(statistics === undefined ? {} : { pixels: statistics }),
    counts: Array.from(totals, (total) => total / frequent),
    mean,
  };
}

function countsIn(frame: Float32Array, measurement: Measurement): number {
  let sum = 0;
  if (measurement === "counts") for (let i = 0; i < frame.length; i++) sum += frame[i];
  else for (let i = 0; i < frame.length; i++) sum += frame[i] * frame[i];
  return sum;
}
