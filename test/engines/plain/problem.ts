import type { ComplexArray } from "../../../src/arrays.ts";

/** What an engine reconstructs from: a far field, in memory. */
export interface PtychographyProblem {
  /** `[frame, n, n]`: √counts, zero frequency at floor(n / 2). */
  readonly amplitudes: Float32Array;
  /** `[frame, 2]`: where each window's centre, index floor(n / 2), sits in the object, (y, x) in object pixels. */
  readonly positions: Float64Array;
  /** `[mode, n, n]`, any scale: the first guess. Modes are incoherent. */
  readonly probe: ComplexArray;
  /** `[n, n]`, 1 = valid. */
  readonly mask?: Float32Array;
}

/** Where windows lie on a canvas of whole pixels. */
export interface WindowGrid {
  readonly height: number;
  readonly width: number;
  /** `[frame, 2]`: row and column of each window's first pixel on the canvas. */
  readonly corners: Int32Array;
  /** Object pixels of the canvas's first pixel, (y, x). */
  readonly origin: readonly [y: number, x: number];
}

/** The smallest canvas that holds all windows, their centres rounded to whole pixels. */
export function windowGrid(positions: Float64Array, n: number): WindowGrid {
  const half = Math.floor(n / 2);
  const first: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const last: [number, number] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let k = 0; k < positions.length; k++) {
    const corner = Math.round(positions[k]) - half;
    first[k % 2] = Math.min(first[k % 2], corner);
    last[k % 2] = Math.max(last[k % 2], corner);
  }
  return {
    height: last[0] - first[0] + n,
    width: last[1] - first[1] + n,
    corners: Int32Array.from(positions, (value, k) => Math.round(value) - half - first[k % 2]),
    origin: first,
  };
}
