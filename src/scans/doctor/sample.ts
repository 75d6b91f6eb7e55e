import type { Measurement } from "../../data/dataset.ts";
import { Random } from "../../random.ts";

/** Some of a scan's frames, as they are stored, which pixel by pixel statistics look at. */
export interface PatternSample {
  /** Their numbers, ascending. */
  readonly frames: readonly number[];
  /** How many there are to choose from. */
  readonly of: number;
  readonly height: number;
  readonly width: number;
  /** `[sampled frame, y, x]` */
  readonly data: Float32Array;
}

/** Numbers in a sample: 64 MB, whatever the scan's size. */
const MOST_VALUES = 2 ** 24;
/** Large frames are few, but not fewer. */
const LEAST_FRAMES = 8;
const MOST_FRAMES = 512;

/**
 * A frame out of each of so many equal stretches of the scan, drawn at random with a fixed seed: the same file gives the
 * same sample, and no period of the scan is hit or missed.
 */
export function sampledFrames(count: number, size: number): number[] {
  const room = Math.floor(MOST_VALUES / Math.max(1, size));
  const wanted = Math.min(count, MOST_FRAMES, Math.max(LEAST_FRAMES, room));
  const random = new Random(1);
  return Array.from({ length: wanted }, (_, k) => {
    const [from, to] = [k, k + 1].map((part) => Math.floor((part * count) / wanted));
    return from + random.integer(to - from);
  });
}

export interface SampleTally {
  /** Whole frames, row-major, in order. */
  add(data: ArrayLike<number>): void;
  finish(): PatternSample;
}

/** Keeps the frames of the sample out of all that pass by. */
export function sampleTally({
  count,
  height,
  width,
}: {
  readonly count: number;
  readonly height: number;
  readonly width: number;
}): SampleTally {
  const size = height * width;
  const frames = sampledFrames(count, size);
  const data = new Float32Array(frames.length * size);
  let done = 0;
  let next = 0;
  return {
    add(chunk) {
      const inChunk = chunk.length / size;
      for (; next < frames.length && frames[next] < done + inChunk; next++) {
        const start = (frames[next] - done) * size;
        for (let i = 0; i < size; i++) data[next * size + i] = chunk[start + i];
      }
      done += inChunk;
    },
    finish: () => ({ frames, of: count, height, width, data }),
  };
}

/** The mean of some of the sampled frames, in counts, `[y, x]`; what no detector measures counts as nothing. */
export function meanCounts(
  { data, height, width }: PatternSample,
  kind: Measurement,
  from: number,
  to: number,
): Float64Array {
  const size = height * width;
  const mean = new Float64Array(size);
  for (let k = from; k < to; k++)
    for (let i = 0; i < size; i++) {
      const value = data[k * size + i];
      if (!(value > 0 && value < Number.POSITIVE_INFINITY)) continue;
      mean[i] += (kind === "counts" ? value : value * value) / (to - from);
    }
  return mean;
}
