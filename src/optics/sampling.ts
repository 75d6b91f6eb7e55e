import type { ComplexArray } from "../arrays.ts";

/**
 * Cuts the window at a position out of an object: window pixel (i, j) is object(y − ⌊n/2⌋ + i, x − ⌊n/2⌋ + j), bilinear
 * between pixels, zero outside.
 *
 * @param object `[height, width]`
 * @param y row of the window's centre, may be fractional
 * @param x column of the window's centre
 * @param n side of the window
 * @param out interleaved `[n, n]`, made when not given
 */
export function extractPatch(
  object: ComplexArray,
  y: number,
  x: number,
  n: number,
  out: Float64Array = new Float64Array(2 * n * n),
): Float64Array {
  const [height, width] = [object.shape[0], object.shape[1]];
  const data = object.data;
  const [top, left] = [y - Math.floor(n / 2), x - Math.floor(n / 2)];
  const [row0, column0] = [Math.floor(top), Math.floor(left)];
  const [fy, fx] = [top - row0, left - column0];
  // Weights of the four neighbours (0, 0), (0, 1), (1, 0), (1, 1).
  const w00 = (1 - fy) * (1 - fx);
  const w01 = (1 - fy) * fx;
  const w10 = fy * (1 - fx);
  const w11 = fy * fx;
  const inside = row0 >= 0 && column0 >= 0 && row0 + n < height && column0 + n < width;
  const at = (row: number, column: number): number =>
    row >= 0 && row < height && column >= 0 && column < width ? 2 * (row * width + column) : -1;
  for (let i = 0; i < n; i++) {
    const row = row0 + i;
    for (let j = 0; j < n; j++) {
      const to = 2 * (i * n + j);
      const column = column0 + j;
      if (inside) {
        const a = 2 * (row * width + column);
        const b = a + 2 * width;
        out[to] = w00 * data[a] + w01 * data[a + 2] + w10 * data[b] + w11 * data[b + 2];
        out[to + 1] = w00 * data[a + 1] + w01 * data[a + 3] + w10 * data[b + 1] + w11 * data[b + 3];
      } else {
        let re = 0;
        let im = 0;
        for (const [weight, k] of [
          [w00, at(row, column)],
          [w01, at(row, column + 1)],
          [w10, at(row + 1, column)],
          [w11, at(row + 1, column + 1)],
        ] as const) {
          if (k < 0) continue;
          re += weight * data[k];
          im += weight * data[k + 1];
        }
        out[to] = re;
        out[to + 1] = im;
      }
    }
  }
  return out;
}
