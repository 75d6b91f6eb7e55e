import type { ComplexArray } from "../arrays.ts";
import { patchDiffraction } from "../physics/patchDiffraction.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import type { Baselines } from "./baselines.ts";

/** A model's deviance beside those of knowing nothing and of knowing everything. */
export interface Explanation extends Baselines {
  /** Poisson deviance per pixel, mean 2 [λ − k + k ln(k/λ)] in counts. */
  readonly deviance: number;
  /**
   * Share of what a flat object leaves unexplained that the model explains: (flat − deviance) / (flat − noise). 1 at the
   * photon limit, 0 for a flat object, less for a worse one; null where a flat object is at the limit already. Where the
   * noise is not known, nothing is taken for it.
   */
  readonly explained: number | null;
}

/** A flat object explains the patterns when it is within this many standard deviations of the noise. */
const significant = 5;

export function explanation(deviance: number, baselines: Baselines): Explanation {
  const { flatDeviance, noiseDeviance, noiseSpread } = baselines;
  const unexplained = flatDeviance - (noiseDeviance ?? 0);
  const explained = unexplained > significant * noiseSpread ? (flatDeviance - deviance) / unexplained : null;
  return { deviance, explained, ...baselines };
}

/** Far-field intensity of the probe alone, `[N, N]`. */
export function flatIntensity(probe: ComplexArray, propagator: Propagator): Float64Array {
  const [, height, width] = probe.shape as [number, number, number];
  const ones = Float64Array.from({ length: 2 * height * width }, (_, i) => 1 - (i & 1));
  return patchDiffraction(probe, propagator)(ones).slice();
}
