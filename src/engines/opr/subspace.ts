import { eigenSymmetric } from "../../numerics/eigenSymmetric.ts";

/**
 * Waves as vectors of real numbers: weights of variations are real, so that a wave and i times it are two directions.
 */
type Wave = Float64Array;

const inner = (a: Wave, b: Wave): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

const addTo = (a: Wave, factor: number, b: Wave): void => {
  for (let i = 0; i < a.length; i++) a[i] += factor * b[i];
};

/** What a wave is a complex multiple of is taken off: P's part of the others is its own amplitude, and a phase. */
export function withoutPart(wave: Wave, of: Wave): void {
  let [re, im, length] = [0, 0, 0];
  for (let i = 0; i < of.length; i += 2) {
    re += of[i] * wave[i] + of[i + 1] * wave[i + 1];
    im += of[i] * wave[i + 1] - of[i + 1] * wave[i];
    length += of[i] ** 2 + of[i + 1] ** 2;
  }
  if (!(length > 0)) return;
  [re, im] = [re / length, im / length];
  for (let i = 0; i < of.length; i += 2) {
    wave[i] -= re * of[i] - im * of[i + 1];
    wave[i + 1] -= re * of[i + 1] + im * of[i];
  }
}

/** A direction is nothing beside the strongest below this: rounding. */
const NOTHING = 1e-14;

/** Orthonormal directions of the same span, the strongest first; zeros where the span has fewer. */
export function principal(waves: readonly Wave[]): readonly Wave[] {
  const n = waves.length;
  const gram = Float64Array.from({ length: n * n }, (_, i) => inner(waves[Math.floor(i / n)], waves[i % n]));
  const { values, vectors } = eigenSymmetric(gram, n);
  const order = Array.from(values.keys()).sort((p, q) => values[q] - values[p]);
  const most = values[order[0]];
  return order.map((e) => {
    const out = new Float64Array(waves[0].length);
    if (!(values[e] > NOTHING * most)) return out;
    for (let k = 0; k < n; k++) addTo(out, vectors[k * n + e] / Math.sqrt(values[e]), waves[k]);
    return out;
  });
}

/** What is found of all frames in an epoch. */
export interface EpochSums {
  /** Σ_j w_jk ρ_j, one for each direction. */
  readonly weighted: readonly Wave[];
  /** Σ_j ρ_j. */
  readonly all: Wave;
  /** Of frames that were explained. */
  readonly frames: readonly number[];
}

/**
 * One step of subspace iteration for the principal directions of what the probe of frame j is, less the mean,
 * v_j = Σ_k w_jk U_k + ρ_j: of Σ_j v_j w_jk, as orthogonal iteration of the covariance Σ_j v_j v_jᵀ has it
 * (Golub & Van Loan, 8.2.4).
 *
 * Directions that are 0, with weights by chance, begin: what frames ask for, mixed by chance, is along what they ask for most
 * (Halko, Martinsson & Tropp, SIAM Rev. 53, 217 (2011)).
 *
 * @param directions U_k, orthonormal or 0
 * @param weights `[frame, K]` of all frames, in place: those of the new directions, of mean 0 over explained frames
 * @param probe its first mode, in place: takes the mean
 * @returns the new directions, and from numbers `[frame, K]` along the old ones to those along the new, in place
 */
export function iterated(
  directions: readonly Wave[],
  weights: Float64Array,
  probe: Wave,
  { weighted, all, frames }: EpochSums,
): { readonly directions: readonly Wave[]; readonly turn: (weights: Float64Array) => void } {
  const count = directions.length;
  const means = directions.map((_, k) => frames.reduce((sum, j) => sum + weights[j * count + k], 0) / frames.length);
  directions.forEach((direction, k) => {
    addTo(probe, means[k], direction);
  });
  for (let i = 0; i < weights.length; i++) weights[i] -= means[i % count];
  const found = weighted.map((sum, k) => {
    const out = sum.slice();
    addTo(out, -means[k], all);
    directions.forEach((direction, l) => {
      addTo(
        out,
        frames.reduce((both, j) => both + weights[j * count + k] * weights[j * count + l], 0),
        direction,
      );
    });
    withoutPart(out, probe);
    return out;
  });
  const next = principal(found);
  const cosines = directions.map((before) => next.map((after) => inner(before, after)));
  const turn = (numbers: Float64Array): void => {
    for (let j = 0; j < numbers.length; j += count) {
      const row = numbers.slice(j, j + count);
      for (let l = 0; l < count; l++) numbers[j + l] = row.reduce((sum, w, k) => sum + w * cosines[k][l], 0);
    }
  };
  turn(weights);
  return { directions: next, turn };
}
