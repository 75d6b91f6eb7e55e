import { type ComplexArray, joinComplex, splitComplex } from "../arrays.ts";
import { energyOf } from "../data/normalisation.ts";
import { type Complex, intensity, scale } from "../graph/complex.ts";
import { div, sqrt } from "../graph/ops/elementwise.ts";
import { sum } from "../graph/ops/reduce.ts";
import type { Parameters, ParameterValues } from "../nets/parameters.ts";

/**
 * A probe that is refined while the network learns.
 *
 * Diffraction sees the exit wave O P alone, so (O / c, c P) explains the data as well as (O, P): along that direction the
 * loss is flat and says nothing. The probe therefore is P = Q √(E₀ / Σ|Q|²) of a free Q, with E₀ the energy of the probe that
 * training starts from. Its energy stays what the one normalisation made it, (N/2)², and object amplitudes stay of order
 * one. All modes share the factor, so their relative powers are refined too. What remains free is the common phase, a
 * common shift of probe and object, and a phase ramp against the object's; training starts at the file's probe and nothing
 * pushes along these.
 */
const PREFIX = "physics.probe.";

/** Whether a parameter belongs to the probe. */
export const isOfProbe = (name: string): boolean => name.startsWith(PREFIX);

/**
 * The probe as parameters `physics.probe.re` and `physics.probe.im`.
 * @param start `[mode, N, N]`
 * @returns `[mode, N, N]`, of the start's energy
 */
export function trainableProbe(parameters: Parameters, start: ComplexArray): Complex {
  const values = splitComplex(start);
  const free = parameters.within("physics", () =>
    parameters.within("probe", () => ({
      re: parameters.trainable("re", start.shape, () => values.re.slice()),
      im: parameters.trainable("im", start.shape, () => values.im.slice()),
    })),
  );
  return scale(free, sqrt(div(energyOf(start), sum(intensity(free)))));
}

/**
 * The probe that training arrived at.
 * @param start the probe that it started from, whose energy it has
 * @returns undefined when the probe was not trained
 */
export function trainedProbe(values: ParameterValues, start: ComplexArray): ComplexArray | undefined {
  const { [`${PREFIX}re`]: re, [`${PREFIX}im`]: im } = values;
  if (re === undefined || im === undefined) return undefined;
  const free = joinComplex(start.shape, re, im);
  const factor = Math.sqrt(energyOf(start) / energyOf(free));
  return { shape: start.shape, data: free.data.map((value) => value * factor) };
}
