import { eigenSymmetric } from "../../../src/numerics/eigenSymmetric.ts";
import type { NormalEquations, RectangularScales } from "../../../src/physics/varpro.ts";

/** How the reference system gets the two scales: unconstrained least squares, and of that the nearest pair of scales. */

/** Eigenvalues of the normalised matrix below this fraction of the largest count as zero. */
const RANK_CUTOFF = 1e-7;

/**
 * Unconstrained least squares: the coefficients of (X1, X3, X2). Columns are normalised first, and combinations that the
 * data do not determine (an object without imaginary part) get the smallest coefficients.
 */
export function leastSquares({ matrix, right }: NormalEquations): Float64Array {
  const norm = Float64Array.from({ length: 3 }, (_, p) => Math.sqrt(matrix[4 * p]) || 1);
  const normalised = matrix.map((value, k) => value / (norm[Math.floor(k / 3)] * norm[k % 3]));
  const { values, vectors } = eigenSymmetric(normalised, 3);
  const largest = Math.max(...values);
  const solution = new Float64Array(3);
  for (let e = 0; e < 3; e++) {
    if (!(values[e] > RANK_CUTOFF * largest)) continue;
    let along = 0;
    for (let p = 0; p < 3; p++) along += (vectors[3 * p + e] * right[p]) / norm[p];
    for (let p = 0; p < 3; p++) solution[p] += (vectors[3 * p + e] * along) / (values[e] * norm[p]);
  }
  return solution;
}

/**
 * The scales nearest to unconstrained coefficients (c1, c3, c2): the leading eigenpair of [[c1, c3], [c3, c2]], which for
 * consistent data is the outer product of (s1, s2) with itself. Zero when that matrix has no positive eigenvalue.
 */
export function nearestScales(coefficients: ArrayLike<number>): RectangularScales {
  const [c1, c3, c2] = coefficients as unknown as [number, number, number];
  const eigenvalue = (c1 + c2 + Math.hypot(c1 - c2, 2 * c3)) / 2;
  // The direction at half the angle of (c1 − c2, 2 c3), within a quarter turn of s1 > 0.
  const [angle, radius] = [Math.atan2(2 * c3, c1 - c2) / 2, Math.sqrt(Math.max(0, eigenvalue))];
  return { s1: radius * Math.cos(angle), s2: radius * Math.sin(angle) };
}
