import { type PixelDefects, pixelDefects } from "./pixelDefects.ts";
import { pixelTally } from "./pixelStatistics.ts";
import type { TallyParts } from "./tallyParts.ts";
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

interface Stack {
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

/**
 * @param chunks whole frames `[frame, y, x]`, in order: so many at a time as memory may hold
 * @param mask `[y, x]`, 0 = not valid: such pixels are neither dead nor hot
 */
export function patternStatistics(
  chunks: Iterable<ArrayLike<number>>,
  stack: Stack,
  mask?: ArrayLike<number>,
): PatternStatistics {
  const tally = patternTally(stack, mask);
  for (const data of chunks) tally.add(data);
  return tally.finish();
}

export interface PatternTally extends TallyParts {
  /** Whole frames, row-major, in order. */
  add(data: ArrayLike<number>): void;
  finish(): PatternStatistics;
}

/**
 * @param mask as `patternStatistics`
 * @param first number of the first frame that will be added
 */
export function patternTally(
  { count, height, width }: Stack,
  mask?: ArrayLike<number>,
  first: number = 0,
): PatternTally {
  const size = height * width;
  const pixels = pixelTally({ height, width });
  // Of each frame: Σ v, Σ v², whether it is bad, whether it is empty.
  const [sums, energies, bads, empties] = Array.from({ length: 4 }, () => new Float64Array(count));
  // −min, max
  const extremes = new Float64Array(2).fill(Number.NEGATIVE_INFINITY);
  const parts = integerParts(count * size, first * size);
  const marks = markTally();
  let frame = first;

  function addFrames(data: ArrayLike<number>): void {
    let [min, max] = [-extremes[0], extremes[1]];
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
      if (bad) bads[frame] = 1;
      if (empty) empties[frame] = 1;
    }
    extremes[0] = -min;
    extremes[1] = max;
  }

  function finish(): PatternStatistics {
    const statistics = pixels.finish();
    const top = marks.result();
    const { index: centroid, place, concentration } = torusCentre(statistics.mean, height, width);
    return {
      ...{ count, height, width, min: -extremes[0], max: extremes[1] },
      badFrames: marked(bads),
      emptyFrames: marked(empties),
      sum: spreadOf(sums),
      energy: spreadOf(energies),
      ...parts.result(),
      ...(top === undefined ? {} : { marks: top }),
      centroid,
      dc: concentration < FLAT ? "unclear" : place,
      defects: pixelDefects(statistics, mask),
    };
  }

  return {
    added: [sums, energies, bads, empties, parts.counts, ...pixels.added, ...marks.added],
    greatest: [extremes, ...pixels.greatest, ...marks.greatest],
    add(data) {
      addFrames(data);
      parts.add(data);
      pixels.add(data);
    },
    finish,
  };
}

const marked = (frames: Float64Array): number[] => [...frames.keys()].filter((frame) => frames[frame] === 1);

/** Concentration of a mean pattern that is as good as even. */
const FLAT = 0.05;

/** Values looked at to tell integers: enough for a share, few enough for a large file. */
const SAMPLE = 200_000;

interface IntegerParts {
  /** Values above one, integers of them, values whose squares can be told, squares that are integers. */
  readonly counts: Float64Array;
  add(data: ArrayLike<number>): void;
  result(): { readonly integers: number; readonly rootsOfIntegers: number };
}

/**
 * @param length of the whole stack
 * @param first where in it the chunks begin that will be added, in order
 */
function integerParts(length: number, first: number): IntegerParts {
  const step = Math.max(1, Math.floor(length / SAMPLE));
  let next = (step - (first % step)) % step;
  const counts = new Float64Array(4);
  return {
    counts,
    add(data) {
      for (; next < data.length; next += step) {
        const value = data[next];
        if (value === 0 || !Number.isFinite(value)) continue;
        // One is its own square: only larger numbers tell counts from their roots.
        if (value > 1) counts[0]++;
        if (value > 1 && Number.isInteger(value)) counts[1]++;
        // Above this the square of a float32 is no longer good to a thousandth, so an integer cannot be told.
        if (Math.abs(value) > 64) continue;
        counts[2]++;
        if (Math.abs(value * value - Math.round(value * value)) < 1e-3 && Math.round(value * value) > 0) counts[3]++;
      }
      next -= data.length;
    },
    result: () => ({
      integers: counts[0] === 0 ? 0 : counts[1] / counts[0],
      rootsOfIntegers: counts[2] === 0 ? 0 : counts[3] / counts[2],
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
