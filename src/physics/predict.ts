import { type Complex, intensity } from "../graph/complex.ts";
import { mul } from "../graph/ops/elementwise.ts";
import { sum } from "../graph/ops/reduce.ts";
import type { Operand, Tensor } from "../graph/tensor.ts";
import { exitWaves } from "./illumination.ts";
import type { Propagator } from "./propagation/propagator.ts";

/**
 * Diffraction intensity |F(O P_p)|², F the propagation to the detector, summed over probe modes, which are incoherent (Thibault & Menzel 2013). In units of
 * squared network input; times `Scales.countsPerUnit` it is in photons.
 *
 * @param object `[B, C, N, N]`
 * @param probe `[mode, N, N]` or broadcastable `[B, 1, mode, N, N]`
 * @param mask `[N, N]`, factor on the probe
 * @returns `[B, C, N, N]`, the detector's centre (in the far field zero frequency) at floor(N/2)
 */
export function predictIntensity(object: Complex, probe: Complex, propagator: Propagator, mask?: Tensor): Tensor {
  return sum(intensity(propagator.forward(exitWaves(object, probe, mask))), { axes: [-3] });
}

/**
 * The object with its real part scaled by s1 and its imaginary part by s2: the reference system's "rectangular" forward
 * model is `predictIntensity` of this.
 * @param s1 `[B, 1, 1, 1]` (`ofExperiment`), or anything that broadcasts
 */
export const rectangularScale = (object: Complex, s1: Operand, s2: Operand): Complex => ({
  re: mul(object.re, s1),
  im: mul(object.im, s2),
});
