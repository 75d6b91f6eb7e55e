import type { RealArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { fadingGaussianFilter } from "../numerics/gaussianFilter.ts";

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
  const blurred = fadingGaussianFilter(data, [n, n], sigma);
  let maximum = 0;
  for (const value of blurred) maximum = Math.max(maximum, value);
  if (maximum === 0)
    throw new PtychonautError("usage", "the probe mask is empty", {
      expected: "a diameter of at least 2 pixels",
      got: `${diameter}`,
    });
  return { shape: [n, n], data: Float32Array.from(blurred, (value) => value / maximum) };
}
