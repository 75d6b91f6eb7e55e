import { expect, test } from "vitest";
import { deviance } from "../../src/metrics/deviance.ts";
import { Random } from "../../src/random.ts";

test("is zero for a perfect fit and the formula elsewhere", () => {
  expect(deviance([1, 2, 30], [1, 2, 30])).toBe(0);
  expect(deviance([2], [1])).toBeCloseTo(2 * (2 - 1 + Math.log(1 / 2)), 14);
  // Where nothing is seen it is twice what was expected.
  expect(deviance([3], [0])).toBe(6);
  expect(deviance([0], [0])).toBe(0);
  expect(deviance([0], [1])).toBe(Number.POSITIVE_INFINITY);
});

test("is (λ − k)²/λ for small differences", () => {
  expect(deviance([1e6], [1e6 + 100])).toBeCloseTo(100 ** 2 / 1e6, 5);
});

test("leaves masked pixels out, the mask repeating over frames", () => {
  expect(deviance([2, 5, 2, 7], [1, 0, 1, 0], [1, 0])).toBeCloseTo(deviance([2], [1]), 14);
});

test("is one at the shot-noise limit of bright pixels", () => {
  const random = new Random(4);
  const n = 40000;
  const expected = new Float64Array(n).fill(200);
  const observed = expected.map((mean) => random.poisson(mean));
  // χ² with one degree of freedom: variance 2. The expected deviance is 1 + 1/(6λ) to first order.
  expect(Math.abs(deviance(expected, observed) - 1 - 1 / 1200)).toBeLessThan(5 * Math.sqrt(2 / n));
});
