import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { patchDiffraction } from "../optics/patchDiffraction.ts";
import { extractPatch } from "../optics/sampling.ts";

/** What a perfect detector would see. */
export interface Diffraction {
  /** `[frame, n, n]`: expected photons per pixel, zero frequency at floor(n / 2). */
  readonly intensity: Float32Array;
  /** `[mode, n, n]`: the probe scaled to photons, so that intensity = Σ_modes |F(O P)|² with the unitary F. */
  readonly probe: ComplexArray;
}

/**
 * Far-field diffraction of an object at every scan position, noise free: Σ over probe modes |F(O P)|², the modes
 * incoherent. One factor for the whole scan brings the mean total per pattern to `photons`. Computed in float64.
 *
 * @param object `[height, width]`
 * @param probe `[mode, n, n]`, any scale
 * @param positions `[frame, 2]` window centres as (y, x) in object pixels; between pixels the object is bilinear
 * @throws PtychonautError "usage" when no light reaches the detector or the dose is not positive.
 */
export function diffract(
  object: ComplexArray,
  probe: ComplexArray,
  positions: Float64Array,
  photons: number,
): Diffraction {
  const n = probe.shape[1];
  const frames = positions.length / 2;
  const pixels = n * n;
  const diffraction = patchDiffraction(probe);
  const patch = new Float64Array(2 * pixels);
  const intensity = new Float32Array(frames * pixels);
  let total = 0;
  for (let k = 0; k < frames; k++) {
    extractPatch(object, positions[2 * k], positions[2 * k + 1], n, patch);
    const pattern = diffraction(patch);
    for (let i = 0; i < pixels; i++) total += pattern[i];
    intensity.set(pattern, k * pixels);
  }
  if (!(total > 0 && photons > 0)) {
    throw new PtychonautError("usage", "a simulation needs light: a probe that meets the object and a positive dose", {
      got: `${photons} photons per pattern, total intensity ${total}`,
    });
  }
  const scale = (photons * frames) / total;
  for (let i = 0; i < intensity.length; i++) intensity[i] *= scale;
  const amplitudeScale = Math.sqrt(scale);
  return { intensity, probe: { shape: probe.shape, data: probe.data.map((value) => amplitudeScale * value) } };
}
