import type { TallyParts } from "./tallyParts.ts";

/** What one pass over a scan's patterns says of each frame, values as they are stored (counts or their roots). */
export interface FrameStatistics {
  /** Σ v and Σ v² over valid pixels. */
  readonly sums: Float64Array;
  readonly energies: Float64Array;
  /** The same over masked pixels, all frames together. */
  readonly masked: { readonly pixels: number; readonly sum: number; readonly energy: number };
  /** Root of the second moment of v about index floor(n/2), over valid pixels, detector pixels. */
  readonly radius: Float64Array;
  /** The brightest valid pixel: its value, and the greatest of those around it. */
  readonly peak: Float64Array;
  readonly besidePeak: Float64Array;
  /** What the other frames have at that pixel on average. */
  readonly elsewhereAtPeak: Float64Array;
}

export interface FrameTally extends TallyParts {
  /** Whole frames, row-major, in order. */
  add(data: ArrayLike<number>): void;
  finish(): FrameStatistics;
}

/**
 * @param mask `[y, x]`, 0 = not valid
 * @param first number of the first frame that will be added
 */
export function frameTally(
  { count, height, width }: { readonly count: number; readonly height: number; readonly width: number },
  mask?: ArrayLike<number>,
  first: number = 0,
): FrameTally {
  const size = height * width;
  const squares = squaredRadii(height, width);
  const valid = Float64Array.from({ length: size }, (_, i) => (mask === undefined || mask[i] !== 0 ? 1 : 0));
  const [sums, energies, radius, peak, peakAt, besidePeak] = Array.from({ length: 6 }, () => new Float64Array(count));
  const total = new Float64Array(size);
  const masked = new Float64Array(2);
  let frame = first;

  function addFrame(data: ArrayLike<number>, start: number): void {
    let [sum, energy, moment, brightest, at] = [0, 0, 0, 0, 0];
    for (let i = 0; i < size; i++) {
      // What no detector measures counts as nothing: one such frame must not spoil what is said of the others.
      const value = data[start + i] >= 0 && data[start + i] < Number.POSITIVE_INFINITY ? data[start + i] : 0;
      if (valid[i] === 0) {
        masked[0] += value;
        masked[1] += value * value;
        continue;
      }
      sum += value;
      energy += value * value;
      moment += value * squares[i];
      total[i] += value;
      if (value > brightest) {
        brightest = value;
        at = i;
      }
    }
    sums[frame] = sum;
    energies[frame] = energy;
    radius[frame] = sum > 0 ? Math.sqrt(moment / sum) : 0;
    peak[frame] = brightest;
    peakAt[frame] = at;
    besidePeak[frame] = greatestBeside(data, start, at, height, width, valid);
    frame++;
  }

  return {
    added: [sums, energies, radius, peak, peakAt, besidePeak, total, masked],
    greatest: [],
    add(data) {
      for (let start = 0; start < data.length; start += size) addFrame(data, start);
    },
    finish: () => ({
      ...{ sums, energies, radius, peak, besidePeak },
      masked: { pixels: size - valid.reduce((sum, value) => sum + value, 0), sum: masked[0], energy: masked[1] },
      elsewhereAtPeak: peak.map((value, k) => (count > 1 ? (total[peakAt[k]] - value) / (count - 1) : 0)),
    }),
  };
}

function squaredRadii(height: number, width: number): Float64Array {
  const [middleY, middleX] = [Math.floor(height / 2), Math.floor(width / 2)];
  return Float64Array.from(
    { length: height * width },
    (_, i) => (Math.floor(i / width) - middleY) ** 2 + ((i % width) - middleX) ** 2,
  );
}

/** Across the border too: with the zero frequency at the corner the brightest pixels are neighbours there. */
function greatestBeside(
  data: ArrayLike<number>,
  start: number,
  at: number,
  height: number,
  width: number,
  valid: Float64Array,
): number {
  const [y, x] = [Math.floor(at / width), at % width];
  let greatest = 0;
  for (const dy of [height - 1, 0, 1])
    for (const dx of [width - 1, 0, 1]) {
      const i = ((y + dy) % height) * width + ((x + dx) % width);
      if (i !== at && valid[i] === 1 && data[start + i] < Number.POSITIVE_INFINITY)
        greatest = Math.max(greatest, data[start + i]);
    }
  return greatest;
}
