import { expect, test } from "vitest";
import { gaussianFilter } from "../../src/numerics/gaussianFilter.ts";

test("spreads a point as a Gaussian, keeping its sum", () => {
  const [n, sigma] = [41, 2];
  const point = new Float64Array(n * n);
  point[20 * n + 20] = 1;
  const blurred = gaussianFilter(point, [n, n], sigma);
  expect(blurred.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
  expect(blurred[23 * n + 16] / blurred[20 * n + 20]).toBeCloseTo(Math.exp(-(9 + 16) / (2 * sigma ** 2)), 12);
});

test("reflects at the edges: a constant stays, and nothing is lost", () => {
  const image = Float64Array.from({ length: 5 * 8 }, (_, k) => Math.sin(k));
  const total = image.reduce((sum, value) => sum + value, 0);
  // The kernel reaches 12 pixels, beyond the whole image.
  expect(gaussianFilter(image, [5, 8], 3).reduce((sum, value) => sum + value, 0)).toBeCloseTo(total, 10);
  for (const value of gaussianFilter(new Float64Array(40).fill(7), [5, 8], 3)) expect(value).toBeCloseTo(7, 12);
});

test("with sigma 0 copies", () => {
  expect(gaussianFilter([1, 5, 2, 4], [2, 2], 0)).toEqual(Float64Array.of(1, 5, 2, 4));
});
