import type { ComplexArray } from "../../arrays.ts";
import { planFft2 } from "../../numerics/fft.ts";
import { probeLight } from "../../optics/probeLight.ts";

/**
 * How much light two places share: the autocorrelation of Σ|P|² over its value at distance zero, averaged over directions, at
 * whole distances from 0 on. What an object absorbs from place to place changes no faster with distance than this falls.
 */
export function lightOverlap(probe: ComplexArray): Float64Array {
  const [, height, width] = probe.shape;
  const size = height * width;
  const light = new Float64Array(2 * size);
  for (const [i, value] of probeLight(probe).entries()) light[2 * i] = value;
  const fft = planFft2([height, width]);
  const spectrum = fft.forward(light);
  for (let i = 0; i < size; i++) {
    spectrum[2 * i] = spectrum[2 * i] ** 2 + spectrum[2 * i + 1] ** 2;
    spectrum[2 * i + 1] = 0;
  }
  const correlation = fft.inverse(spectrum);
  const reach = Math.floor(Math.min(height, width) / 2);
  const [sums, weights] = [new Float64Array(reach), new Float64Array(reach)];
  for (let i = 0; i < size; i++) {
    const distance = Math.round(
      Math.hypot(Math.floor(i / width) - Math.floor(height / 2), (i % width) - Math.floor(width / 2)),
    );
    if (distance >= reach) continue;
    sums[distance] += correlation[2 * i];
    weights[distance]++;
  }
  return sums.map((sum, k) => sum / weights[k] / sums[0]);
}

/** Between whole distances a straight line; 0 beyond. */
export function sharedLight(overlap: Float64Array, distance: number): number {
  const k = Math.floor(distance);
  if (k + 1 >= overlap.length) return 0;
  return overlap[k] + (distance - k) * (overlap[k + 1] - overlap[k]);
}
