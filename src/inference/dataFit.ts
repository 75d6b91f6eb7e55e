import { patchDiffraction } from "../physics/patchDiffraction.ts";
import { type CoveredScan, coveredPatterns } from "./coveredPatterns.ts";
import { type ComparedPattern, type ComparisonOptions, comparePatterns, type PatternFit } from "./patternComparison.ts";

/** How well a reconstruction explains the patterns that were measured. */
export interface DataFit extends PatternFit {
  /** Patterns that were simulated again. */
  readonly patterns: number;
  /** Patterns whose illumination lies on the covered area, among which they were chosen evenly. */
  readonly eligible: number;
}

/** A pattern of the scan beside what the object and the probe predict of it. */
export interface FramePattern extends ComparedPattern {
  readonly frame: number;
}

export type DataFitOptions = CoveredScan &
  Pick<ComparisonOptions, "offset" | "frameIntensity" | "flatProbe"> & {
    /** Is shown every pattern that is compared; the arrays are used again for the next one. */
    readonly onPattern?: (pattern: FramePattern) => void;
  };

/**
 * Simulates patterns from the stitched object, λ = |F(O P)|² in counts, and compares them with what was measured.
 * @returns undefined when the scan is too small to have a pattern that lies on the covered area
 */
export function fitToData(options: DataFitOptions): DataFit | undefined {
  const patterns = coveredPatterns(options);
  if (patterns.count === 0) return undefined;
  const diffraction = patchDiffraction(options.probe, options.propagator);
  const comparison = comparePatterns(options);
  for (const { frame, patch, measured } of patterns.each()) {
    const compared = comparison.add(diffraction(patch), measured);
    options.onPattern?.({ frame, ...compared });
  }
  return { ...comparison.finish(), patterns: patterns.count, eligible: patterns.eligible };
}
