import type { TallyParts } from "./tallyParts.ts";

/** What one pass over a scan's patterns says of each pixel, `[y, x]`, values as they are stored (counts or their roots). */
export interface PixelStatistics {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly mean: Float64Array;
  /** In how many frames the pixel has light. */
  readonly lit: Float64Array;
  /** Greatest value. */
  readonly most: Float64Array;
}

export interface PixelTally extends TallyParts {
  /** Whole frames, row-major, in order. */
  add(data: ArrayLike<number>): void;
  finish(): PixelStatistics;
}

/** What is no finite number counts as no light: one such frame must not spoil what is said of the others. */
export function pixelTally({ height, width }: { readonly height: number; readonly width: number }): PixelTally {
  const size = height * width;
  const [total, most, lit] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  const count = new Float64Array(1);
  return {
    added: [total, lit, count],
    greatest: [most],
    add(data) {
      for (let start = 0; start < data.length; start += size, count[0]++)
        for (let i = 0; i < size; i++) {
          const value = data[start + i];
          if (value > 0 && value < Number.POSITIVE_INFINITY) {
            lit[i]++;
            total[i] += value;
            if (value > most[i]) most[i] = value;
          } else if (value < 0 && value > Number.NEGATIVE_INFINITY) {
            lit[i]++;
            total[i] += value;
          }
        }
    },
    finish: () => ({ count: count[0], height, width, mean: total.map((value) => value / count[0]), lit, most }),
  };
}
