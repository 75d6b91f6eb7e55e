import { evenly } from "../arrays.ts";
import type { Dataset } from "./dataset.ts";
import { normalisePatterns, type Scales } from "./normalisation.ts";

/** Patterns of one scan. */
export interface FramesOfScan {
  readonly dataset: Pick<Dataset, "patterns" | "measurement" | "mask">;
  readonly scales: Pick<Scales, "inputScale">;
  readonly frames: ArrayLike<number>;
}

/** How much of what differs between the patterns of a scan is more than photon counting. */
export interface PatternSignal {
  /** RMS of what differs from the mean pattern, as amplitudes, without counting noise, over the RMS of the amplitudes. */
  readonly contrast: number;
  /** The same of counting noise. */
  readonly noise: number;
  /** Their ratio: by how many standard deviations of counting the object changes a pixel, RMS. */
  readonly deviations: number;
  /** What counting alone would make of `deviations`, at most, in so many patterns: three of its own spreads. */
  readonly seenFrom: number;
  /** Variance of counts beyond their mean, and covariance of counts with those of a neighbour, over the mean. */
  readonly excess: number;
  readonly shared: number;
  readonly patterns: number;
}

/** Patterns that are looked at, and pixels of all of them, at most. */
const MOST = { patterns: 256, pixels: 2 ** 24 } as const;

/**
 * Compares the spread of amplitudes √k about their mean with what Poisson counts of the mean pattern would have. An object
 * that changes the light changes it smoothly, so neighbours vary together by no more than each varies beyond counting;
 * where they vary together by more (`shared` above `excess`), the detector's pixels share counts.
 * @param countsPerUnit from squared network input to photons
 */
export function patternSignal(
  { dataset, scales, frames }: FramesOfScan,
  countsPerUnit: number,
): PatternSignal | undefined {
  const { height, width } = dataset.patterns;
  const size = height * width;
  const chosen = evenly(Array.from(frames), Math.max(2, Math.min(MOST.patterns, Math.floor(MOST.pixels / size))));
  const patterns = chosen.map((frame) => {
    const values = new Float32Array(size);
    dataset.patterns.read([frame], values);
    normalisePatterns(values, dataset.measurement, scales, dataset.mask?.data);
    return values;
  });
  const seen = patterns.filter((values) => values.every(Number.isFinite));
  const count = seen.length;
  if (count < 2) return undefined;
  const [roots, counts] = [new Float64Array(size), new Float64Array(size)];
  for (const values of seen)
    for (let i = 0; i < size; i++) {
      roots[i] += values[i] / count;
      counts[i] += (values[i] * values[i] * countsPerUnit) / count;
    }
  const sums = { spread: 0, variance: 0, covariance: 0 };
  for (const values of seen)
    for (let i = 0; i < size; i++) {
      sums.spread += (values[i] - roots[i]) ** 2;
      const own = values[i] * values[i] * countsPerUnit - counts[i];
      sums.variance += own * own;
      if (i % width !== width - 1)
        sums.covariance += own * (values[i + 1] * values[i + 1] * countsPerUnit - counts[i + 1]);
    }
  const unbiased = 1 / (count - 1);
  const light = counts.reduce((sum, value) => sum + value, 0);
  const noise = counts.reduce((sum, value) => sum + rootVariance(value), 0);
  const lit = counts.reduce((sum, value) => sum + (value > 0.5 ? 1 : 0), 0);
  const signal = Math.max(0, sums.spread * unbiased * countsPerUnit - noise);
  return {
    contrast: Math.sqrt(signal / light),
    noise: Math.sqrt(noise / light),
    deviations: Math.sqrt(signal / noise),
    // A sum of squares of `lit` normal numbers from each of `count` patterns has the relative spread √(2 / (lit count)).
    seenFrom: Math.sqrt(3 * Math.sqrt(2 / (Math.max(1, lit) * count))),
    excess: (sums.variance * unbiased) / light - 1,
    shared: (sums.covariance * unbiased) / light,
    patterns: count,
  };
}

/** Beyond, the variance of a root is 1/4 (1 + 3 / (8 λ)) to three digits. */
const MANY = 50;

/** Variance of √k of Poisson counts of mean λ: λ for few, near 0.4 at λ = 1, 1/4 for many. */
export function rootVariance(rate: number): number {
  if (rate > MANY) return 0.25 * (1 + 0.375 / rate);
  let probability = Math.exp(-rate);
  let mean = 0;
  for (let k = 1; k < rate + 12 * Math.sqrt(rate) + 20; k++) {
    probability *= rate / k;
    mean += probability * Math.sqrt(k);
  }
  return rate - mean * mean;
}
