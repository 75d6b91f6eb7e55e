import type { Interleaved } from "../../src/numerics/fft.ts";
import type { PlannedPropagator } from "../../src/physics/propagation/propagator.ts";

/** `multisliceExit` in float64 for one wave `[h, w]`, interleaved: the oracle of graphs and kernels. */
export function planMultislice(
  between: PlannedPropagator,
): (slices: readonly Interleaved[], probe: Interleaved) => Float64Array {
  return ([first, ...others], probe) => {
    const wave = times(Float64Array.from(probe), first);
    for (const slice of others) times(between.forward(wave, wave), slice);
    return wave;
  };
}

/** wave ×= slice. */
function times(wave: Float64Array, slice: Interleaved): Float64Array {
  for (let i = 0; i < wave.length; i += 2) {
    const [re, im] = [wave[i], wave[i + 1]];
    wave[i] = re * slice[i] - im * slice[i + 1];
    wave[i + 1] = re * slice[i + 1] + im * slice[i];
  }
  return wave;
}
