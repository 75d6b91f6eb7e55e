import { robustDeviation } from "./median.ts";

/** A 2 × 2 matrix by rows, [y from y, y from x, x from y, x from x]. */
export type Matrix2 = readonly [yy: number, yx: number, xy: number, xx: number];

/** v ≈ shift + matrix · (at − centre), of vectors (y, x). */
export interface AffineFit {
  readonly matrix: Matrix2;
  readonly shift: readonly [y: number, x: number];
  readonly centre: readonly [y: number, x: number];
}

const ROUNDS = 10;
/** Residuals of so many standard deviations have no say (Tukey's biweight, 95 % efficient for normal ones). */
const REJECTED = 4.685;
/** Places that lie on a line tell no matrix: the smaller principal moment over the larger. */
const LEAST_SPREAD = 1e-6;

/**
 * Fits vectors `[k, 2]` at places `[k, 2]` by an affine function, by least squares that are reweighed until outliers have no
 * say (Beaton & Tukey, Technometrics 16, 147 (1974)).
 *
 * @returns undefined where there are fewer than four places, or all lie on a line
 */
export function affineFit(values: Float64Array, places: Float64Array): AffineFit | undefined {
  const count = places.length / 2;
  if (count < 4) return undefined;
  const weights = new Float64Array(count).fill(1);
  let fit = weighted(values, places, weights);
  for (let round = 0; fit !== undefined && round < ROUNDS; round++) {
    const off = residuals(values, places, fit);
    const unit = Math.hypot(...deviationsOf(off)) / Math.SQRT2;
    if (!(unit > 0)) return fit;
    for (let k = 0; k < count; k++) {
      const far = Math.hypot(off[2 * k], off[2 * k + 1]) / Math.SQRT2 / (REJECTED * unit);
      weights[k] = far < 1 ? (1 - far * far) ** 2 : 0;
    }
    const next = weighted(values, places, weights);
    if (next === undefined) return fit;
    fit = next;
  }
  return fit;
}

/** Residuals of a fit, `[k, 2]`. */
function residuals(values: Float64Array, places: Float64Array, fit: AffineFit): Float64Array {
  const fitted = affineValues(fit, places);
  return values.map((value, k) => value - fitted[k]);
}

/** What a fit says at places, `[k, 2]`. */
export function affineValues(
  { matrix: [yy, yx, xy, xx], shift, centre }: Pick<AffineFit, "matrix" | "shift" | "centre">,
  places: Float64Array,
): Float64Array {
  const out = new Float64Array(places.length);
  for (let k = 0; k < places.length; k += 2) {
    const [y, x] = [places[k] - centre[0], places[k + 1] - centre[1]];
    out[k] = shift[0] + yy * y + yx * x;
    out[k + 1] = shift[1] + xy * y + xx * x;
  }
  return out;
}

const deviationsOf = (off: Float64Array): [number, number] => [
  robustDeviation(off.filter((_, k) => k % 2 === 0)),
  robustDeviation(off.filter((_, k) => k % 2 === 1)),
];

function weighted(values: Float64Array, places: Float64Array, weights: Float64Array): AffineFit | undefined {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) return undefined;
  const mean = (of: Float64Array, axis: number): number =>
    weights.reduce((sum, weight, k) => sum + weight * of[2 * k + axis], 0) / total;
  const [centre, shift] = [places, values].map((of): [number, number] => [mean(of, 0), mean(of, 1)]);
  let [uu, uv, vv, uy, vy, ux, vx] = [0, 0, 0, 0, 0, 0, 0];
  for (let k = 0; k < weights.length; k++) {
    const [u, v, weight] = [places[2 * k] - centre[0], places[2 * k + 1] - centre[1], weights[k]];
    const [y, x] = [values[2 * k] - shift[0], values[2 * k + 1] - shift[1]];
    uu += weight * u * u;
    uv += weight * u * v;
    vv += weight * v * v;
    uy += weight * u * y;
    vy += weight * v * y;
    ux += weight * u * x;
    vx += weight * v * x;
  }
  const determinant = uu * vv - uv * uv;
  if (!(determinant > LEAST_SPREAD * (uu + vv) ** 2)) return undefined;
  const solve = (u: number, v: number): [number, number] => [
    (vv * u - uv * v) / determinant,
    (uu * v - uv * u) / determinant,
  ];
  return { matrix: [...solve(uy, vy), ...solve(ux, vx)], shift, centre };
}
