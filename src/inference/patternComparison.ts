import type { ComplexArray } from "../arrays.ts";
import { type Communicator, sumsOf } from "../communicator.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Scales } from "../data/normalisation.ts";
import { type NoiseDeviance, poissonNoise } from "../metrics/poissonNoise.ts";
import { periodicGaussian } from "../numerics/periodicGaussian.ts";
import { BACKGROUND_COUNTS } from "../physics/likelihood.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import { baselineSums, doseOf } from "./baselines.ts";
import { type Explanation, explanation, flatIntensity } from "./explanation.ts";

/** The physics that turns an intensity into the counts of a pattern. */
export interface ComparisonOptions {
  readonly dataset: Pick<Dataset, "mask">;
  readonly scales: Pick<Scales, "countsPerUnit" | "photonsFrom">;
  /** `[mode, N, N]` as the physics takes it: scaled, masked where the model masks it. */
  readonly probe: ComplexArray;
  /** What lights a flat object: of several the one that predicts most, so that a ruined one is no measure. Default: the probe. */
  readonly flatProbes?: readonly ComplexArray[];
  readonly propagator: Propagator;
  /** Added to the predicted amplitude, in units of the network's input. Default 0. */
  readonly offset?: number;
  /** `[N, N]`: light that all patterns have beside what the object makes, in squared units of the network's input. */
  readonly background?: Float32Array;
  /** Point spread of the detector, the standard deviation of a Gaussian in its pixels. Default none. */
  readonly blurSigma?: number;
  /** The beam has an intensity of its own in every pattern: the prediction is scaled to the pattern's counts. Default false. */
  readonly frameIntensity?: boolean;
}

/** How predicted patterns compare with measured ones. */
export interface PatternFit extends Explanation {
  /** √(Σ (√λ − √k)² / Σ k). */
  readonly rFactor: number;
}

/** A pattern beside what is predicted of it, in counts, `[N, N]`; 0 where the detector is masked. */
export interface ComparedPattern {
  readonly measured: Float64Array;
  readonly modelled: Float64Array;
}

export interface PatternComparison {
  /**
   * @param intensity `[N, N]`, predicted, in squared units of the network's input; spent afterwards
   * @param measured `[N, N]`, amplitude in those units
   * @returns arrays that are used again for the next one
   */
  add(intensity: Float64Array, measured: Float32Array): ComparedPattern;
  /** Summed over the pixels of all patterns so far. */
  deviance(): number;
  /** Goes on, in every process, with what all have added. */
  join(ranks: Communicator): Promise<void>;
  finish(): PatternFit;
}

/** Sums over patterns, in float64. */
export function comparePatterns(options: ComparisonOptions): PatternComparison {
  const {
    dataset,
    scales,
    probe,
    flatProbes = [probe],
    propagator,
    offset = 0,
    background,
    blurSigma = 0,
    frameIntensity = false,
  } = options;
  const perUnit = scales.countsPerUnit;
  const mask = dataset.mask?.data;
  const size = probe.shape[1] * probe.shape[2];
  const baselines = baselineSums(size, { mask, frameIntensity, dose: doseOf(scales) });
  const seen = { measured: new Float64Array(size), modelled: new Float64Array(size) };
  const sums = { deviance: 0, residual: 0, counts: 0, pixels: 0, noise: 0 };
  const comparison = { offset, background, perUnit, mask, seen, noise: poissonNoise(BACKGROUND_COUNTS) };
  const blur = blurSigma > 0 ? periodicGaussian([probe.shape[1], probe.shape[2]], blurSigma) : undefined;
  return {
    add(intensity, measured) {
      blur?.(intensity);
      const beam = frameIntensity ? bestFactor(intensity, measured, comparison) : 1;
      compare(sums, intensity, measured, beam, comparison);
      baselines.add(seen.measured);
      return seen;
    },
    deviance: () => sums.deviance,
    async join(ranks) {
      const { deviance, residual, counts, pixels, noise } = sums;
      [sums.deviance, sums.residual, sums.counts, sums.pixels, sums.noise] = await sumsOf(ranks, [
        ...[deviance, residual, counts, pixels, noise],
      ]);
      await baselines.join(ranks);
    },
    finish() {
      const against = flatProbes
        .map((flat) => baselines.finish(flatIntensity(flat, propagator)))
        .reduce((best, next) => (next.flatDeviance < best.flatDeviance ? next : best));
      const noiseDeviance = against.noiseDeviance === null ? null : sums.noise / sums.pixels;
      return {
        ...explanation(sums.deviance / sums.pixels, { ...against, noiseDeviance }),
        rFactor: Math.sqrt(sums.residual / sums.counts),
      };
    },
  };
}

interface Comparison {
  readonly offset: number;
  readonly background: Float32Array | undefined;
  readonly perUnit: number;
  readonly mask: Float32Array | undefined;
  readonly noise: (rate: number) => NoiseDeviance;
  /** Where the counts of valid pixels go. */
  readonly seen: ComparedPattern;
}

function compare(
  sums: { deviance: number; residual: number; counts: number; pixels: number; noise: number },
  intensity: Float64Array,
  measured: Float32Array,
  beam: number,
  { offset, background, perUnit, mask, noise, seen }: Comparison,
): void {
  for (let i = 0; i < intensity.length; i++) {
    if (mask !== undefined && mask[i] === 0) continue;
    const amplitude = Math.sqrt(intensity[i]) + offset;
    const rate = (beam * amplitude ** 2 + (background?.[i] ?? 0)) * perUnit;
    const counts = measured[i] ** 2 * perUnit;
    const expected = rate + BACKGROUND_COUNTS;
    sums.deviance += 2 * (expected - counts + (counts > 0 ? counts * Math.log(counts / expected) : 0));
    sums.residual += (Math.sqrt(rate) - Math.sqrt(counts)) ** 2;
    sums.counts += counts;
    sums.noise += noise(rate).mean;
    sums.pixels++;
    seen.measured[i] = counts;
    seen.modelled[i] = rate;
  }
}

/** Σ (k − b) / Σ λ over the valid pixels: the factor on λ that a Poisson likelihood likes best, of a background b next to it. */
function bestFactor(
  intensity: Float64Array,
  measured: Float32Array,
  { offset, background, mask }: Pick<Comparison, "offset" | "background" | "mask">,
): number {
  let [counts, rate] = [0, 0];
  for (let i = 0; i < intensity.length; i++) {
    if (mask !== undefined && mask[i] === 0) continue;
    counts += measured[i] ** 2 - (background?.[i] ?? 0);
    rate += (Math.sqrt(intensity[i]) + offset) ** 2;
  }
  return rate > 0 ? Math.max(0, counts) / rate : 1;
}
