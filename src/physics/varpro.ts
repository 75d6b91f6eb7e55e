import { PtychonautError } from "../errors.ts";
import { eigenSymmetric } from "../numerics/eigenSymmetric.ts";
import { maximiseBetween } from "../numerics/goldenSection.ts";

/**
 * Variable projection (Golub & Pereyra 1973) for the two scales of the rectangular forward model: given the basis
 * intensities of an object, the scales follow from measured intensities by linear least squares in
 * (s1², s1 s2, s2²). In float64.
 */
export interface RectangularScales {
  /** Not negative: the sign of both scales together cannot be seen. */
  readonly s1: number;
  readonly s2: number;
}

/** XᵀX and Xᵀy for the regressors X = (X1, X3, X2), whose unknowns are (s1², s1 s2, s2²). */
export interface NormalEquations {
  /** `[3, 3]` */
  readonly matrix: Float64Array;
  /** `[3]` */
  readonly right: Float64Array;
}

/** Values of X1, X2 and X3, all of one length. */
export interface BasisValues {
  readonly real: ArrayLike<number>;
  readonly imaginary: ArrayLike<number>;
  readonly mixed: ArrayLike<number>;
}

export function emptyNormalEquations(): NormalEquations {
  return { matrix: new Float64Array(9), right: new Float64Array(3) };
}

/**
 * Adds measurements to the equations: one pattern, or batch after batch of a whole scan.
 * @throws PtychonautError "shape" when lengths differ
 */
export function accumulate(
  { matrix, right }: NormalEquations,
  { real, imaginary, mixed }: BasisValues,
  measured: ArrayLike<number>,
): void {
  if ([real, imaginary, mixed].some((regressor) => regressor.length !== measured.length))
    throw new PtychonautError("shape", "basis and measured intensities differ in length", {
      expected: String(measured.length),
      got: `${real.length}, ${imaginary.length} and ${mixed.length}`,
    });
  const row = new Float64Array(3);
  for (let i = 0; i < measured.length; i++) {
    row[0] = real[i];
    row[1] = mixed[i];
    row[2] = imaginary[i];
    for (let p = 0; p < 3; p++) {
      right[p] += row[p] * measured[i];
      for (let q = 0; q < 3; q++) matrix[3 * p + q] += row[p] * row[q];
    }
  }
}

/** Eigenvalues of the normalised matrix below this fraction of the largest count as zero. */
const RANK_CUTOFF = 1e-7;

/** Largest over smallest eigenvalue with normalised columns; infinite where a combination of regressors vanishes. */
export function conditionNumber({ matrix }: NormalEquations): number {
  const { values } = normalisedEigen(matrix);
  const smallest = Math.min(...values);
  return smallest > 0 ? Math.max(...values) / smallest : Number.POSITIVE_INFINITY;
}

/** Whether the data tell the two scales apart. */
export const isDetermined = (condition: number): boolean => condition < 1 / RANK_CUTOFF;

function normalisedEigen(matrix: Float64Array): ReturnType<typeof eigenSymmetric> & { readonly norm: Float64Array } {
  const norm = Float64Array.from({ length: 3 }, (_, p) => Math.sqrt(matrix[4 * p]) || 1);
  const normalised = matrix.map((value, k) => value / (norm[Math.floor(k / 3)] * norm[k % 3]));
  return { norm, ...eigenSymmetric(normalised, 3) };
}

const SCAN_STEPS = 360;

/**
 * The scales that minimise |y − s1² X1 − s1 s2 X3 − s2² X2|². With (s1, s2) = ρ (cos θ, sin θ) the best ρ² is bᵀq / qᵀMq
 * for q = (cos², cos sin, sin²), which leaves a smooth function of period π: scanned, then refined by golden section.
 */
export function bestScales({ matrix, right }: NormalEquations): RectangularScales {
  const explained = (angle: number): { gain: number; radius: number } => {
    const q = [Math.cos(angle) ** 2, Math.cos(angle) * Math.sin(angle), Math.sin(angle) ** 2];
    let along = 0;
    let curvature = 0;
    for (let p = 0; p < 3; p++) {
      along += right[p] * q[p];
      for (let k = 0; k < 3; k++) curvature += q[p] * matrix[3 * p + k] * q[k];
    }
    // A negative square of the radius is no solution: nothing is explained in that direction.
    return along > 0 && curvature > 0
      ? { gain: (along * along) / curvature, radius: Math.sqrt(along / curvature) }
      : { gain: 0, radius: 0 };
  };
  const step = Math.PI / SCAN_STEPS;
  let best = 0;
  for (let k = 1; k < SCAN_STEPS; k++) if (explained(k * step).gain > explained(best * step).gain) best = k;
  const angle = maximiseBetween((x) => explained(x).gain, (best - 1) * step, (best + 1) * step);
  return scalesAt(angle, explained(angle).radius);
}

function scalesAt(angle: number, radius: number): RectangularScales {
  const sign = Math.cos(angle) < 0 ? -1 : 1;
  return { s1: sign * radius * Math.cos(angle), s2: sign * radius * Math.sin(angle) };
}
