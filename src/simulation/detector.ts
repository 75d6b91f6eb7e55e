import type { RealArray } from "../arrays.ts";
import type { Random } from "../random.ts";

/** Photon counting: replaces every expected count by a Poisson deviate, in place. */
export function countPhotons(intensity: Float32Array, random: Random): void {
  for (let i = 0; i < intensity.length; i++) intensity[i] = random.poisson(intensity[i]);
}

/**
 * Mask `[n, n]` of a round beamstop, 1 = valid: 0 where the distance to the centre is at most half the diameter.
 *
 * @param diameter in detector pixels
 * @param centre row and column of the stop; default the zero frequency at floor(n / 2)
 */
export function beamstopMask(n: number, diameter: number, centre: number = Math.floor(n / 2)): RealArray {
  const data = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      data[i * n + j] = Math.hypot(i - centre, j - centre) <= diameter / 2 ? 0 : 1;
    }
  }
  return { shape: [n, n], data };
}

/** Multiplies every frame `[…, n, n]` by a mask, in place. */
export function applyMask(frames: Float32Array, mask: RealArray): void {
  const pixels = mask.data.length;
  for (let i = 0; i < frames.length; i++) frames[i] *= mask.data[i % pixels];
}
