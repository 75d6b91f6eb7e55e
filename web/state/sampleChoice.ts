import type { ObjectName, SimulationOptions } from "../../src/simulation/options.ts";

/** What can be chosen about a simulated scan. Lengths are object pixels. */
export interface SampleChoice {
  readonly object: ObjectName;
  /** Diameter of the probe's spot. */
  readonly spot: number;
  readonly step: number;
  /** Random displacement of positions as a fraction of the step. */
  readonly jitter: number;
  readonly patterns: number;
  /** Decimal logarithm of the mean photons a pattern. */
  readonly dose: number;
}

export const usualSample: SampleChoice = {
  ...{ object: "deadLeaves", spot: 22, step: 5, jitter: 0.15, patterns: 144, dose: 5 },
};

/** Side of its patterns: small enough for a picture within seconds. */
export const SAMPLE_SIDE = 64;

export function sampleOptions({ object, spot, step, jitter, patterns, dose }: SampleChoice): SimulationOptions {
  const pupilRadius = SAMPLE_SIDE / 4;
  return {
    ...{ n: SAMPLE_SIDE, object, scan: "raster", step, jitter, patterns, photons: 10 ** dose },
    // The spot's radius is defocus · pupil / n.
    probe: { kind: "airy", pupilRadius, defocus: ((spot / 2) * SAMPLE_SIDE) / pupilRadius },
    geometry: { wavelengthM: 1e-10, detectorDistanceM: 2, detectorPixelM: 75e-6 },
  };
}
