import type { ComplexArray } from "../arrays.ts";
import { patchDiffraction } from "../physics/patchDiffraction.ts";
import { doseOf } from "./baselines.ts";
import { type CoveredScan, coveredPatterns } from "./coveredPatterns.ts";

export type PositionLimitOptions = CoveredScan & {
  /** `[n, n]`: light that all patterns have, in squared units of the network's input. */
  readonly background?: Float32Array;
  /** What lights a frame, where it is not the probe itself. */
  readonly light?: (frame: number) => ComplexArray;
};

/** Patterns that are looked at: all have much the same. */
const MOST = 64;

/**
 * How well photons tell where a frame was, were object and probe known: Cramér and Rao's bound, the root of the mean variance
 * along an axis over frames, object pixels. Of Poisson counts I + b the information is
 *
 *   F_ab = Σ_pixels ∂_a I ∂_b I / (I + b),     ∂_a I = (I[O + ∂_a O] − I[O − ∂_a O]) / 2,
 *
 * which is exact since I is quadratic in O. An object and a probe that are found from the same patterns leave more.
 *
 * @returns undefined where nobody knows the dose, or no pattern lies on the covered area
 */
export function positionLimit(options: PositionLimitOptions): number | undefined {
  const { dataset, scales, probe, background, light } = options;
  if (doseOf(scales) === "unknown") return undefined;
  const patterns = coveredPatterns({ ...options, most: MOST });
  const n = probe.shape[1];
  const diffraction = patchDiffraction(probe, options.propagator);
  const mask = dataset.mask?.data;
  let [sum, count] = [0, 0];
  for (const { frame, patches } of patterns.each()) {
    const own = light?.(frame);
    const of = (patch: Float64Array): Float64Array => diffraction(patch, own).slice();
    const [patch] = patches;
    const rate = of(patch);
    const [down, right] = ([0, 1] as const).map((axis) => {
      const slope = slopeOf(patch, n, axis);
      const [more, less] = [1, -1].map((sign) => of(patch.map((value, i) => value + sign * slope[i])));
      return more.map((value, i) => (value - less[i]) / 2);
    });
    let [yy, yx, xx] = [0, 0, 0];
    for (let i = 0; i < rate.length; i++) {
      const expected = rate[i] + (background?.[i] ?? 0);
      if (!(expected > 0) || (mask !== undefined && mask[i] === 0)) continue;
      const weight = scales.countsPerUnit / expected;
      yy += weight * down[i] ** 2;
      yx += weight * down[i] * right[i];
      xx += weight * right[i] ** 2;
    }
    const determinant = yy * xx - yx * yx;
    if (!(determinant > 1e-9 * yy * xx)) continue;
    sum += (yy + xx) / determinant / 2;
    count++;
  }
  return count === 0 ? undefined : Math.sqrt(sum / count);
}

/** Central differences, 0 at the window's edges. */
function slopeOf(patch: Float64Array, n: number, axis: 0 | 1): Float64Array {
  const out = new Float64Array(patch.length);
  const stride = axis === 0 ? 2 * n : 2;
  for (let y = 1; y < n - 1; y++)
    for (let k = 2 * (y * n + 1); k < 2 * (y * n + n - 1); k++) out[k] = (patch[k + stride] - patch[k - stride]) / 2;
  return out;
}
