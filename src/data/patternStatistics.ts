import { type PixelDefects, pixelDefects } from "./pixelDefects.ts";
import { pixelTally } from "./pixelStatistics.ts";
import { markTally, type TopMarks } from "./topMarks.ts";
import { torusCentre } from "./torusCentre.ts";

/** Numbers that tell what a stack of patterns is: its values, its dose, where its zero frequency sits, its bad pixels. */
export interface PatternStatistics {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly min: number;
  readonly max: number;
  /** Of valid pixels; absent where there are none. */
  readonly marks?: TopMarks;
  /** Frames with NaN, infinite or negative values. */
  readonly badFrames: readonly number[];
  /** Frames that are zero everywhere. */
  readonly emptyFrames: readonly number[];
  /** Σ v and Σ v² per frame, over finite values. */
  readonly sum: Spread;
  readonly energy: Spread;
  /** Part of a sample of the values above one that are integers. */
  readonly integers: number;
  /** Part of it whose squares are integers within float32 rounding. */
  readonly rootsOfIntegers: number;
  /** Centre of mass of the mean pattern on the torus of frequencies, as (y, x) indices. */
  readonly centroid: readonly [number, number];
  /** Where that is: within an eighth of the frame of index floor(n/2), or of index 0; `unclear` where the mean is flat. */
  readonly dc: "center" | "corner" | "elsewhere" | "unclear";
  /** Valid pixels that measure nothing, or far too much. */
  readonly defects: PixelDefects;
}

export interface Spread {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/**
 * @param chunks whole frames `[frame, y, x]`, in order: so many at a time as memory may hold
 * @param mask `[y, x]`, 0 = not valid: such pixels are neither dead nor hot
 */
export function patternStatistics(
  chunks: Iterable<ArrayLike<number>>,
  { count, height, width }: { readonly count: number; readonly height: number; readonly width: number },
  mask?: ArrayLike<number>,
): PatternStatistics {
  const size = height * width;
  const tally = pixelTally({ height, width });
  const sums = new Float64Array(count);
  const energies = new Float64Array(count);
  const badFrames: number[] = [];
  const emptyFrames: number[] = [];
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  const parts = integerParts(count * size);
  const marks = markTally();
  let frame = 0;
  for (const data of chunks) {
    for (let start = 0; start < data.length; start += size, frame++) {
      let bad = false;
      let empty = true;
      for (let i = 0; i < size; i++) {
        const value = data[start + i];
        if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) bad = true;
        if (!Number.isFinite(value)) continue;
        if (value !== 0) empty = false;
        if (value < min) min = value;
        if (value > max) max = value;
        sums[frame] += value;
        energies[frame] += value * value;
        if (mask === undefined || mask[i] !== 0) marks.add(value);
      }
      if (bad) badFrames.push(frame);
      if (empty) emptyFrames.push(frame);
    }
    parts.add(data);
    tally.add(data);
  }
  const pixels = tally.finish();
  const top = marks.result();
  const { mean } = pixels;
  const { index: centroid, place, concentration } = torusCentre(mean, height, width);
  return {
    count,
    height,
    width,
    min,
    max,
    badFrames,
    emptyFrames,
    sum: spreadOf(sums),
    energy: spreadOf(energies),
    ...parts.result(),
    ...(top === undefined ? {} : { marks: top }),
    centroid,
    dc: concentration < FLAT ? "unclear" : place,
    defects: pixelDefects(pixels, mask),
  };
}

/** Concentration of a mean pattern that is as good as even. */
const FLAT = 0.05;

/** Values looked at to tell integers: enough for a share, few enough for a large file. */
const SAMPLE = 200_000;

interface IntegerParts {
  add(data: ArrayLike<number>): void;
  result(): { readonly integers: number; readonly rootsOfIntegers: number };
}

/** @param length of all chunks that will be added, in order */
function integerParts(length: number): IntegerParts {
  const step = Math.max(1, Math.floor(length / SAMPLE));
  let next = 0;
  let seen = 0;
  let integers = 0;
  let squares = 0;
  let roots = 0;
  return {
    add(data) {
      for (; next < data.length; next += step) {
        const value = data[next];
        if (value === 0 || !Number.isFinite(value)) continue;
        // One is its own square: only larger numbers tell counts from their roots.
        if (value > 1) seen++;
        if (value > 1 && Number.isInteger(value)) integers++;
        // Above this the square of a float32 is no longer good to a thousandth, so an integer cannot be told.
        if (Math.abs(value) > 64) continue;
        squares++;
        if (Math.abs(value * value - Math.round(value * value)) < 1e-3 && Math.round(value * value) > 0) roots++;
      }
      next -= data.length;
    },
    result: () => ({
      integers: seen === 0 ? 0 : integers / seen,
      rootsOfIntegers: squares === 0 ? 0 : roots / squares,
    }),
  };
}

function spreadOf(values: Float64Array): Spread {
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { mean: sum / values.length, min, max };
}
