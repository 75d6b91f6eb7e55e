import { type Complex, complexReshape, complexSum, each, modulus } from "../../../src/graph/complex.ts";
import { add, div, mul } from "../../../src/graph/ops/elementwise.ts";
import type { Operand, Tensor } from "../../../src/graph/tensor.ts";
import { exitWaves } from "../../../src/physics/illumination.ts";
import type { Propagator } from "../../../src/physics/propagation/propagator.ts";

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
  const total = each(complexSum(probe, [-3], true), (part) => div(part, options.probeScale));
  const waves = exitWaves(object, total, options.mask);
  const amplitude = modulus(options.propagator.forward(complexReshape(waves, object.re.shape)), DARKEST_INTENSITY);
  const scaled = mul(div(amplitude, options.outputScale), options.physicsGain ?? 1);
  return options.affine === undefined ? scaled : add(mul(scaled, options.affine.alpha), options.affine.beta);
}

/** Keeps the slope of the square root finite at dark pixels; an amplitude of 1e-8 where bright ones are above one. */
const DARKEST_INTENSITY = 1e-16;
