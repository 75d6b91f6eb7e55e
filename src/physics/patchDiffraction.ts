import type { ComplexArray } from "../arrays.ts";
import type { Propagator } from "./propagation/propagator.ts";

/**
 * Intensities at the detector under one probe, Σ over modes |F(O P)|² with F the propagation, in float64.
 * @param probe `[mode, n, n]`
 * @returns from a patch O, interleaved `[n, n]`, to its intensity `[n, n]`, which the next call overwrites
 */
export function patchDiffraction(probe: ComplexArray, propagator: Propagator): (patch: Float64Array) => Float64Array {
  const [modes, n] = probe.shape as [number, number, number];
  const toDetector = propagator.plan([n, n]);
  const wave = new Float64Array(2 * n * n);
  const intensity = new Float64Array(n * n);
  return (patch) => {
    intensity.fill(0);
    for (let mode = 0; mode < modes; mode++) {
      multiply(patch, probe.data, 2 * mode * n * n, wave);
      toDetector.forward(wave, wave);
      for (let i = 0; i < intensity.length; i++) intensity[i] += wave[2 * i] ** 2 + wave[2 * i + 1] ** 2;
    }
    return intensity;
  };
}

/** out = a · b[offset …], all interleaved. */
function multiply(a: Float64Array, b: Float32Array, offset: number, out: Float64Array): void {
  for (let i = 0; i < a.length; i += 2) {
    const re = b[offset + i];
    const im = b[offset + i + 1];
    out[i] = a[i] * re - a[i + 1] * im;
    out[i + 1] = a[i] * im + a[i + 1] * re;
  }
}
