import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { probeLight } from "../optics/probeLight.ts";

/** Index of the first pixel of a central crop: the crop's centre `floor(trim / 2)` falls on the patch's `floor(n / 2)`. */
export function cropStart(size: number, trim: number): number {
  return Math.floor(size / 2) - Math.floor(trim / 2);
}

/** Weights of one for the central `trim` x `trim` of a patch. */
export function uniformWeights(trim: number): Float64Array {
  return new Float64Array(trim * trim).fill(1);
}

/** Σ|P|² over modes, of the central `trim` x `trim` of a probe `[mode, y, x]` that is as large. */
export function centralLight(probe: ComplexArray, trim: number): Float64Array {
  const [, height, width] = probe.shape as [number, number, number];
  const [top, left] = [cropStart(height, trim), cropStart(width, trim)];
  const light = probeLight(probe);
  const central = new Float64Array(trim * trim);
  for (let i = 0; i < trim; i++) {
    const first = (top + i) * width + left;
    central.set(light.subarray(first, first + trim), i * trim);
  }
  return central;
}

/**
 * Illumination intensity `sum over modes |P|^2` of the central `trim` x `trim` of the probe: a pixel is known as well
 * as it was lit.
 *
 * @param probe `[mode, y, x]`
 * @throws PtychonautError "usage" when the crop is larger than the probe or the probe is dark there
 */
export function probeWeights(probe: ComplexArray, trim: number): Float64Array {
  const [, height, width] = probe.shape as [number, number, number];
  if (probe.shape.length !== 3 || trim > Math.min(height, width))
    throw new PtychonautError("usage", "the probe does not fit the patches to stitch", {
      expected: `[mode, y, x] with sides of at least ${trim}`,
      got: `[${probe.shape.join(", ")}]`,
    });
  const weights = centralLight(probe, trim);
  if (!weights.some((weight) => weight > 0))
    throw new PtychonautError("usage", "the probe is dark over the part of the patches to stitch", {
      got: `no intensity in the central ${trim} x ${trim} pixels`,
      fix: "use uniform weights or another probe",
    });
  return weights;
}
