import { BACKGROUND_COUNTS } from "../physics/likelihood.ts";
import { patchDiffraction } from "../physics/patchDiffraction.ts";
import { type CoveredScan, coveredPatterns } from "./coveredPatterns.ts";

/** How well a reconstruction explains the patterns that were measured. */
export interface DataFit {
  /** Poisson deviance per pixel, mean 2 [λ − k + k ln(k/λ)] in counts. */
  readonly deviance: number;
  /** √(Σ (√λ − √k)² / Σ k). */
  readonly rFactor: number;
  /** Patterns that were simulated again. */
  readonly patterns: number;
  /** Patterns whose illumination lies on the covered area, among which they were chosen evenly. */
  readonly eligible: number;
}

export interface DataFitOptions extends CoveredScan {
  /** Added to the predicted amplitude, in units of the network's input. Default 0. */
  readonly offset?: number;
  /** The beam has an intensity of its own in every pattern: the prediction is scaled to the pattern's counts. Default false. */
  readonly frameIntensity?: boolean;
  /** Is shown every pattern that is compared; the arrays are used again for the next one. */
  readonly onPattern?: (pattern: ComparedPattern) => void;
}

/** A pattern beside what the object and the probe predict, in counts, `[N, N]`. */
export interface ComparedPattern {
  readonly frame: number;
  readonly measured: Float64Array;
  readonly modelled: Float64Array;
}

/**
 * Simulates patterns from the stitched object, λ = |F(O P)|² in counts, and compares them with what was measured.
 * @returns undefined when the scan is too small to have a pattern that lies on the covered area
 */
export function fitToData(options: DataFitOptions): DataFit | undefined {
  const { dataset, scales, probe, propagator, offset = 0, frameIntensity = false } = options;
  const patterns = coveredPatterns(options);
  if (patterns.count === 0) return undefined;
  const diffraction = patchDiffraction(probe, propagator);
  const sums = { deviance: 0, residual: 0, counts: 0, pixels: 0 };
  const size = dataset.patterns.height * dataset.patterns.width;
  const seen = { measured: new Float64Array(size), modelled: new Float64Array(size) };
  for (const { frame, patch, measured } of patterns.each()) {
    compare(sums, diffraction(patch), measured, {
      ...{ offset, frameIntensity, perUnit: scales.countsPerUnit, mask: dataset.mask?.data, seen },
    });
    options.onPattern?.({ frame, ...seen });
  }
  return {
    deviance: sums.deviance / sums.pixels,
    rFactor: Math.sqrt(sums.residual / sums.counts),
    patterns: patterns.count,
    eligible: patterns.eligible,
  };
}

interface Comparison {
  readonly offset: number;
  readonly frameIntensity: boolean;
  readonly perUnit: number;
  readonly mask: Float32Array | undefined;
  /** Where the counts and the prediction of the valid pixels go, `[N, N]`. */
  readonly seen: Pick<ComparedPattern, "measured" | "modelled">;
}

function compare(
  sums: { deviance: number; residual: number; counts: number; pixels: number },
  intensity: Float64Array,
  measured: Float32Array,
  comparison: Comparison,
): void {
  const { offset, perUnit, mask, seen } = comparison;
  const beam = comparison.frameIntensity ? bestFactor(intensity, measured, comparison) : 1;
  for (let i = 0; i < intensity.length; i++) {
    if (mask !== undefined && mask[i] === 0) continue;
    const amplitude = Math.sqrt(intensity[i]) + offset;
    const rate = beam * amplitude ** 2 * perUnit;
    const counts = measured[i] ** 2 * perUnit;
    const expected = rate + BACKGROUND_COUNTS;
    sums.deviance += 2 * (expected - counts + (counts > 0 ? counts * Math.log(counts / expected) : 0));
    sums.residual += (Math.sqrt(rate) - Math.sqrt(counts)) ** 2;
    sums.counts += counts;
    sums.pixels++;
    seen.measured[i] = counts;
    seen.modelled[i] = rate;
  }
}

/** Σ k / Σ λ over the valid pixels: the factor on λ that a Poisson likelihood likes best. */
function bestFactor(intensity: Float64Array, measured: Float32Array, { offset, mask }: Comparison): number {
  let [counts, rate] = [0, 0];
  for (let i = 0; i < intensity.length; i++) {
    if (mask !== undefined && mask[i] === 0) continue;
    counts += measured[i] ** 2;
    rate += (Math.sqrt(intensity[i]) + offset) ** 2;
  }
  return rate > 0 ? counts / rate : 1;
}
