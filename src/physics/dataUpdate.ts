import { type Complex, complexMul, each, intensity, modulus, scale } from "../graph/complex.ts";
import { add, div, mul, neg, sqrt, square, sub } from "../graph/ops/elementwise.ts";
import { max } from "../graph/ops/reduce.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Propagator } from "./propagation/propagator.ts";

/** One experiment as a graph sees it: what lights the object, how the wave travels, and where it was measured. */
export interface SeenExperiment {
  /** `[n, 1, N, N]`, or anything that broadcasts over the object's patches. */
  readonly probe: Complex;
  readonly propagator: Propagator;
  /** 1 where a detector pixel is valid, 0 elsewhere; broadcasts over the patterns. Default: all are. */
  readonly valid?: Tensor;
  /** `[B, C, 2]` with B · C = n, r_k − r̄ as (y, x) in pixels where patterns are in groups. Default: each is alone. */
  readonly offsets?: Tensor;
}

/** Share of the brightest light that every pixel is weighted with at least: rPIE's α. */
const EVEN_WEIGHT = 0.03;
/** Added to measured and expected intensities, whose mean is 1/4: a wave much below the mean has no phase to speak of. */
const DARK_INTENSITY = 1e-3;

/**
 * How a pattern changes a patch of the object in one step of rPIE (Maiden, Johnson & Li 2017): the wave goes to the detector,
 * gets the measured amplitude A and keeps its phase, and what that changes in the exit wave ψ = O P goes through the probe,
 *
 *   ΔO = P* F⁻¹[(√(A² + ε) / √(|ψ̂|² + ε) − 1) ψ̂] / ((1 − α) |P|² + α max |P|²),  ψ̂ = F[O P].
 *
 * Zero for an object that explains the pattern. Masked pixels of the detector keep the wave as it is. ε keeps the slope in
 * the object finite where the wave is dark.
 * @param amplitudes `[n, 1, N, N]`, in the units of |ψ̂|
 * @returns from an object `[n, 1, N, N]`, or broadcastable, to ΔO `[n, 1, N, N]`; what no object changes is computed once
 */
export function dataUpdate(
  amplitudes: Tensor,
  { probe, propagator, valid }: SeenExperiment,
): (object: Complex) => Complex {
  const measured = sqrt(add(square(amplitudes), DARK_INTENSITY));
  const light = intensity(probe);
  const brightest = max(light, { axes: [-2, -1], keepDims: true });
  const weight = add(mul(light, 1 - EVEN_WEIGHT), mul(brightest, EVEN_WEIGHT));
  const conjugate: Complex = { re: probe.re, im: neg(probe.im) };
  return (object) => {
    const wave = propagator.forward(complexMul(object, probe));
    const misfit = sub(div(measured, modulus(wave, DARK_INTENSITY)), 1);
    const change = propagator.adjoint(scale(wave, valid === undefined ? misfit : mul(misfit, valid)));
    return each(complexMul(change, conjugate), (part) => div(part, weight));
  };
}
