import { type Complex, complexReshape, complexSum, divideBy, intensity, modulus } from "../graph/complex.ts";
import { add, div, mul } from "../graph/ops/elementwise.ts";
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

export interface AmplitudeOptions {
  readonly propagator: Propagator;
  /** The probe is divided by it. */
  readonly probeScale: Operand;
  /** The amplitude is divided by it; a number, or `[B, 1, 1, 1]`. */
  readonly outputScale: Operand;
  /** The amplitude is multiplied by it. Default 1. */
  readonly physicsGain?: Operand;
  /** α A + β in the end, each `[B, 1, 1, 1]` (`ofExperiment`). Default none. */
  readonly affine?: { readonly alpha: Tensor; readonly beta: Tensor };
  /** `[N, N]`, factor on the probe. */
  readonly mask?: Tensor;
}

/**
 * Diffraction amplitude as the reference system predicts it: probe modes add up *coherently*, |F(O Σ_p P_p)|. For
 * comparison with it and for models trained by it; with one mode the square root of `predictIntensity`.
 *
 * @param object `[B, C, N, N]`
 * @param probe `[mode, N, N]`
 * @returns `[B, C, N, N]`
 */
export function predictAmplitude(object: Complex, probe: Complex, options: AmplitudeOptions): Tensor {
  // One object multiplies all modes, so that the sum of exit waves is the exit wave of the sum.
  const total = divideBy(complexSum(probe, [-3], true), options.probeScale);
  const waves = exitWaves(object, total, options.mask);
  const amplitude = modulus(options.propagator.forward(complexReshape(waves, object.re.shape)), DARKEST_INTENSITY);
  const scaled = mul(div(amplitude, options.outputScale), options.physicsGain ?? 1);
  return options.affine === undefined ? scaled : add(mul(scaled, options.affine.alpha), options.affine.beta);
}

/** Keeps the slope of the square root finite at dark pixels; an amplitude of 1e-8 where bright ones are above one. */
const DARKEST_INTENSITY = 1e-16;
