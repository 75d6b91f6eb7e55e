import type { ComplexArray } from "../arrays.ts";
import type { Dataset } from "../data/dataset.ts";
import { normalisePatterns, type Scales } from "../data/normalisation.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import { type Baselines, baselineSums, doseOf } from "./baselines.ts";
import { type Explanation, explanation, flatIntensity } from "./explanation.ts";

/** Patterns of one scan, with its physics. */
export interface ScanPatterns {
  readonly dataset: Pick<Dataset, "patterns" | "measurement" | "mask">;
  readonly scales: Pick<Scales, "inputScale" | "countsPerUnit" | "photonsFrom">;
  /** `[mode, N, N]` as the physics takes it. */
  readonly probe: ComplexArray;
  readonly propagator: Propagator;
  readonly frames: readonly number[];
  /** The beam has an intensity of its own in every pattern. */
  readonly frameIntensity: boolean;
}

/** Patterns read at a time: bounds the memory, whatever the scan's size. */
const chunk = 64;

/**
 * A deviance that was measured over these patterns, beside that of a flat object and of counting photons. Every
 * pattern is looked at once.
 * @returns undefined without patterns
 */
export function explainedOf(scans: readonly ScanPatterns[], deviance: number): Explanation | undefined {
  const parts = scans.filter(({ frames }) => frames.length > 0).map(baselinesOf);
  if (parts.length === 0) return undefined;
  const all = parts.reduce((sum, { weight }) => sum + weight, 0);
  const known = parts.every(({ baselines }) => baselines.noiseDeviance !== null);
  const compared = parts.every(({ baselines }) => baselines.constantDeviance !== null);
  const mean = (value: (part: Baselines) => number): number =>
    parts.reduce((sum, part) => sum + (part.weight / all) * value(part.baselines), 0);
  return explanation(deviance, {
    flatDeviance: mean((part) => part.flatDeviance),
    constantDeviance: compared ? mean((part) => part.constantDeviance ?? 0) : null,
    noiseDeviance: known ? mean((part) => part.noiseDeviance ?? 0) : null,
    noiseSpread: Math.hypot(...parts.map(({ weight, baselines }) => (weight / all) * baselines.noiseSpread)),
  });
}

function baselinesOf({ dataset, scales, probe, propagator, frames, frameIntensity }: ScanPatterns): {
  readonly baselines: Baselines;
  /** Valid pixels of all patterns. */
  readonly weight: number;
} {
  const { patterns, measurement } = dataset;
  const size = patterns.height * patterns.width;
  const mask = dataset.mask?.data;
  const sums = baselineSums(size, { mask, frameIntensity, dose: doseOf(scales) });
  const counts = new Float64Array(size);
  for (let start = 0; start < frames.length; start += chunk) {
    const some = frames.slice(start, start + chunk);
    const values = new Float32Array(some.length * size);
    patterns.read(some, values);
    normalisePatterns(values, measurement, scales);
    for (let k = 0; k < some.length; k++) {
      for (let i = 0; i < size; i++) counts[i] = values[k * size + i] ** 2 * scales.countsPerUnit;
      sums.add(counts);
    }
  }
  const valid = mask === undefined ? size : mask.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0);
  return { baselines: sums.finish(flatIntensity(probe, propagator)), weight: valid * frames.length };
}
