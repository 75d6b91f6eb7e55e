import { type ComplexArray, joinComplex, sizeOf, splitComplex } from "../arrays.ts";
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
 * @param start `[mode, N, N]`, or for several scans `[experiment, mode, N, N]`
 * @returns as `start`, each scan's of its start's energy
 */
export function trainableProbe(parameters: Parameters, start: ComplexArray): Complex {
  const values = splitComplex(start);
  const free = parameters.within("physics", () =>
    parameters.within("probe", () => ({
      re: parameters.trainable("re", start.shape, () => values.re.slice()),
      im: parameters.trainable("im", start.shape, () => values.im.slice()),
    })),
  );
  const energy = sum(intensity(free), { axes: [-3, -2, -1], keepDims: true });
  const wanted = Float32Array.from(probesOf(start), energyOf);
  return scale(free, sqrt(div(parameters.graph.constant(wanted, energy.shape), energy)));
}

/** Each scan's, `[mode, N, N]`. */
export function probesOf({ shape, data }: ComplexArray): ComplexArray[] {
  const own = shape.slice(-3);
  const size = 2 * sizeOf(own);
  return Array.from({ length: data.length / size }, (_, scan) => ({
    shape: own,
    data: data.subarray(scan * size, (scan + 1) * size),
  }));
}

/**
 * The probe that training arrived at.
 * @param start the probe that it started from, of one or several scans, whose energies it has
 * @returns undefined when the probe was not trained
 */
export function trainedProbe(values: ParameterValues, start: ComplexArray): ComplexArray | undefined {
  const { [`${PREFIX}re`]: re, [`${PREFIX}im`]: im } = values;
  if (re === undefined || im === undefined) return undefined;
  const { shape } = start;
  const data = joinComplex(shape, re, im).data;
  const starts = probesOf(start);
  for (const [scan, free] of probesOf({ shape, data }).entries()) {
    const factor = Math.sqrt(energyOf(starts[scan]) / energyOf(free));
    for (let i = 0; i < free.data.length; i++) free.data[i] *= factor;
  }
  return { shape, data };
}
