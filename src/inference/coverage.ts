import { PtychonautError } from "../errors.ts";

export interface WellCoveredOptions {
  /** Pixels need more than this fraction of the reference value. Default 0.1. */
  readonly fraction?: number;
  /** What the fraction refers to: the map's median over covered pixels (robust against hot spots of a dense corner) or its maximum. Default "median". */
  readonly of?: "median" | "maximum";
}

/**
 * The area to judge a reconstruction by: 1 where the coverage exceeds a fraction of its median or maximum, else 0.
 * @param coverage `[y, x]`, sum of weights or number of patches per pixel
 */
export function wellCovered(coverage: Float32Array, options: WellCoveredOptions = {}): Uint8Array {
  const { fraction = 0.1, of = "median" } = options;
  const covered = coverage.filter((value) => value > 0).sort();
  if (covered.length === 0)
    throw new PtychonautError("usage", "nothing was placed on the canvas, so no area is well covered");
  const reference = covered[of === "median" ? Math.floor(covered.length / 2) : covered.length - 1];
  return Uint8Array.from(coverage, (value) => (value > fraction * reference ? 1 : 0));
}
