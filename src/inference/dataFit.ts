import type { ComplexArray } from "../arrays.ts";
import { patchDiffraction } from "../physics/patchDiffraction.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import { type CoveredScan, coveredPatterns } from "./coveredPatterns.ts";
import { type ComparedPattern, type ComparisonOptions, comparePatterns, type PatternFit } from "./patternComparison.ts";

/** How well a reconstruction explains the patterns that were measured. */
export interface DataFit extends PatternFit {
  /** Patterns that were simulated again. */
  readonly patterns: number;
  /** Patterns whose illumination lies on the covered area, among which they were chosen evenly. */
  readonly eligible: number;
  /** The few frames that leave more than half of the deviance, and their share of it; null where it is spread over many. */
  readonly carriedBy: { readonly frames: readonly number[]; readonly share: number } | null;
}

/** A pattern of the scan beside what the object and the probe predict of it. */
export interface FramePattern extends ComparedPattern {
  readonly frame: number;
}

export type DataFitOptions = CoveredScan &
  Pick<ComparisonOptions, "offset" | "background" | "blurSigma" | "frameIntensity" | "flatProbes"> & {
    /** What lights a frame, where it is not the probe itself. */
    readonly light?: (frame: number) => ComplexArray;
    /** The way between slices, of an object that has several. */
    readonly between?: Propagator;
    /** The planes of the object are states of it, whose patterns add up. */
    readonly incoherent?: boolean;
    /** Is shown every pattern that is compared; the arrays are used again for the next one. */
    readonly onPattern?: (pattern: FramePattern) => void;
  };

/**
 * Simulates patterns from the stitched object, λ = |F(O P)|² in counts, through all slices where it has several, or of all its
 * states together, and compares them with what was measured.
 * @returns undefined when the scan is too small to have a pattern that lies on the covered area
 */
export function fitToData(options: DataFitOptions): DataFit | undefined {
  const patterns = coveredPatterns(options);
  if (patterns.count === 0) return undefined;
  const through = patchDiffraction(options.probe, options.propagator, options.between);
  const diffraction = options.incoherent === true ? summed(through) : through;
  const comparison = comparePatterns(options);
  const deviances: [frame: number, deviance: number][] = [];
  let before = 0;
  for (const { frame, patches, measured } of patterns.each()) {
    const compared = comparison.add(diffraction(patches, options.light?.(frame)), measured);
    deviances.push([frame, comparison.deviance() - before]);
    before = comparison.deviance();
    options.onPattern?.({ frame, ...compared });
  }
  const { count, eligible } = patterns;
  return { ...comparison.finish(), patterns: count, eligible, carriedBy: carriedBy(deviances) };
}

type Diffraction = ReturnType<typeof patchDiffraction>;

/** Of every patch by itself. */
const summed =
  (diffraction: Diffraction) =>
  (patches: readonly Float64Array[], light?: ComplexArray): Float64Array => {
    const [first, ...others] = patches;
    const sum = diffraction(first, light).slice();
    for (const patch of others) {
      const more = diffraction(patch, light);
      for (let i = 0; i < sum.length; i++) sum[i] += more[i];
    }
    return sum;
  };

/** Few frames are one in twenty at most, each with a tenth of the worst one's deviance or more. */
const few = { part: 1 / 20, ofWorst: 0.1 } as const;

function carriedBy(deviances: readonly (readonly [frame: number, deviance: number])[]): DataFit["carriedBy"] {
  const sum = (values: typeof deviances): number => values.reduce((total, [, deviance]) => total + deviance, 0);
  const worst = deviances.reduce((most, [, deviance]) => Math.max(most, deviance), 0);
  const bad = deviances.filter(([, deviance]) => deviance >= few.ofWorst * worst);
  const share = sum(bad) / sum(deviances);
  if (bad.length > few.part * deviances.length || !(share > 0.5)) return null;
  return { frames: bad.map(([frame]) => frame), share };
}
