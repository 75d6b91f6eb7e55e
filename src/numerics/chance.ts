import { logGamma } from "../random.ts";

/**
 * Chance that a standard normal deviate exceeds z: ½ erfc(z / √2), by the continued fraction of Laplace beyond z = 3 and
 * the series of erf below (Abramowitz & Stegun 7.1.5, 7.1.14); relative error below 1e-10.
 */
export function normalTail(z: number): number {
  if (Number.isNaN(z)) return 1;
  if (z < 0) return 1 - normalTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / (z + fraction);
    return density / (z + fraction);
  }
  let term = z;
  let sum = z;
  for (let k = 1; k < 60; k++) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return 0.5 - density * sum;
}

/**
 * Chance that Student's t of so many degrees of freedom exceeds t, by Wallace's normal deviate (Ann. Math. Stat. 30, 1121
 * (1959)): good to six per cent of the probability from four degrees on.
 */
export function studentTail(t: number, freedom: number): number {
  if (!(freedom >= 1) || Number.isNaN(t)) return 1;
  const z = ((8 * freedom + 1) / (8 * freedom + 3)) * Math.sqrt(freedom * Math.log1p((t * t) / freedom));
  return normalTail(t < 0 ? -z : z);
}

/** Part of a sum that makes no difference to it, nor do terms that are smaller still. */
const NOTHING = 1e-17;

/** Chance that a Poisson deviate of this mean is at least `count`. */
export function poissonTail(count: number, mean: number): number {
  if (count <= 0) return 1;
  if (!(mean > 0)) return 0;
  let term = Math.exp(count * Math.log(mean) - mean - logGamma(count + 1));
  // Below the mean most of the sum is in the other tail.
  if (count < mean) {
    let below = 0;
    for (let k = count - 1; k >= 0; k--) {
      term *= (k + 1) / mean;
      below += term;
      if (term < below * NOTHING) break;
    }
    return Math.max(0, 1 - below);
  }
  let sum = 0;
  for (let k = count; term > sum * NOTHING; k++) {
    sum += term;
    term *= mean / (k + 1);
  }
  return Math.min(1, sum);
}

/**
 * Mean and its standard error by leaving out one block after another (jackknife, Efron 1982): what lies within a block may
 * hang together.
 * @param sums Σ and weight of each block
 */
export function blockMean(sums: readonly { readonly sum: number; readonly weight: number }[]): {
  readonly mean: number;
  readonly error: number;
  readonly freedom: number;
} {
  const used = sums.filter(({ weight }) => weight > 0);
  const [total, weight] = [used.reduce((a, b) => a + b.sum, 0), used.reduce((a, b) => a + b.weight, 0)];
  const mean = total / weight;
  const left = used.map((block) => (total - block.sum) / (weight - block.weight));
  const middle = left.reduce((a, b) => a + b, 0) / left.length;
  const spread = left.reduce((a, b) => a + (b - middle) ** 2, 0);
  const freedom = used.length - 1;
  return { mean, error: freedom < 1 ? Number.POSITIVE_INFINITY : Math.sqrt((freedom / used.length) * spread), freedom };
}
