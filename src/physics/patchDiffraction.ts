import type { ComplexArray } from "../arrays.ts";
import type { Propagator } from "./propagation/propagator.ts";

/**
 * Intensities at the detector under one probe, Σ over modes |F(O P)|² with F the propagation, in float64.
 * @param probe `[mode, n, n]`
 * @param between the way from slice to slice of an object that has several, as in `multisliceExit`
 * @returns from a patch O, interleaved `[n, n]`, or one of each slice, the first first, to its intensity `[n, n]`, which the
 *   next call overwrites; under another probe of that shape where one is given
 */
export function patchDiffraction(
  probe: ComplexArray,
  propagator: Propagator,
  between?: Propagator,
): (patch: Float64Array | readonly Float64Array[], light?: ComplexArray) => Float64Array {
  const [modes, n] = probe.shape as [number, number, number];
  const toDetector = propagator.plan([n, n]);
  const toNext = between?.plan([n, n]);
  const wave = new Float64Array(2 * n * n);
  const intensity = new Float64Array(n * n);
  return (patch, light = probe) => {
    const [first, ...others] = patch instanceof Float64Array ? [patch] : patch;
    intensity.fill(0);
    for (let mode = 0; mode < modes; mode++) {
      multiply(first, light.data, 2 * mode * n * n, wave);
      for (const slice of others) {
        toNext?.forward(wave, wave);
        multiply(slice, wave, 0, wave);
      }
      toDetector.forward(wave, wave);
      for (let i = 0; i < intensity.length; i++) intensity[i] += wave[2 * i] ** 2 + wave[2 * i + 1] ** 2;
    }
    return intensity;
  };
}

/** out = a · b[offset …], all interleaved. */
function multiply(a: Float64Array, b: Float32Array | Float64Array, offset: number, out: Float64Array): void {
  for (let i = 0; i < a.length; i += 2) {
    const re = b[offset + i];
    const im = b[offset + i + 1];
    out[i] = a[i] * re - a[i + 1] * im;
    out[i + 1] = a[i] * im + a[i + 1] * re;
  }
}
