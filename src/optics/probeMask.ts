import type { RealArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";

/**
 * Soft circular mask `[y, x]` of an n × n probe window: the disk |r| < diameter/2 about the window's geometric centre
 * (between the pixels of an even window), blurred by a Gaussian and divided by its maximum.
 *
 * @param diameter pixels
 * @param sigma standard deviation of the blur in pixels; 0 leaves the edge hard
 * @throws PtychonautError "usage" when no pixel lies in the disk
 */
export function probeMask(n: number, diameter: number, sigma: number): RealArray {
  const data = new Float64Array(n * n);
  for (let y = 0; y < n; y++)
    for (let x = 0; x < n; x++) data[y * n + x] = Math.hypot(y - n / 2 + 0.5, x - n / 2 + 0.5) < diameter / 2 ? 1 : 0;
  const blurred = sigma > 0 ? blur(blur(data, n, 1, n, sigma), n, n, 1, sigma) : data;
  let maximum = 0;
  for (const value of blurred) maximum = Math.max(maximum, value);
  if (maximum === 0)
    throw new PtychonautError("usage", "the probe mask is empty", {
      expected: "a diameter of at least 2 pixels",
      got: `${diameter}`,
    });
  return { shape: [n, n], data: Float32Array.from(blurred, (value) => value / maximum) };
}

/** Gaussian of radius ceil(3 sigma) along one axis; outside the window there is nothing, so edges fade. */
function blur(data: Float64Array, n: number, along: number, across: number, sigma: number): Float64Array {
  const radius = Math.ceil(3 * sigma);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-0.5 * ((i - radius) / sigma) ** 2));
  const sum = kernel.reduce((total, value) => total + value, 0);
  const out = new Float64Array(n * n);
  for (let line = 0; line < n; line++) {
    for (let i = 0; i < n; i++) {
      let value = 0;
      for (let k = Math.max(0, i - radius); k <= Math.min(n - 1, i + radius); k++)
        value += kernel[k - i + radius] * data[line * across + k * along];
      out[line * across + i * along] = value / sum;
    }
  }
  return out;
}
