import { describe, expect, test } from "vitest";
import { deviance } from "../../src/metrics/deviance.ts";
import { poissonNoise } from "../../src/metrics/poissonNoise.ts";
import { Random } from "../../src/random.ts";

describe("the deviance of Poisson noise", () => {
  test.each([0.003, 0.05, 0.4, 1, 3.3, 17, 99, 101, 900])("at %d counts is what random counts have", (rate) => {
    const random = new Random(3);
    const count = 60000;
    const observed = Float64Array.from({ length: count }, () => random.poisson(rate));
    const { mean, variance } = poissonNoise(0)(rate);
    const seen = deviance(new Float64Array(count).fill(rate), observed);
    expect(Math.abs(seen - mean)).toBeLessThan(5 * Math.sqrt(variance / count));
    const squares = observed.reduce((sum, k) => sum + (deviance([rate], [k]) - mean) ** 2, 0);
    // Few photons have a heavy tail: at 0.003 counts 180 of them make the whole variance.
    expect(Math.abs(squares / count / variance - 1)).toBeLessThan(rate < 0.01 ? 0.4 : 0.06);
  });

  test("of hardly any counts is 2 λ − 2 λ ln λ: dark pixels, and those with one photon", () => {
    for (const rate of [1e-6, 1e-5]) {
      // The next terms, of two photons, are of order λ².
      expect(Math.abs(poissonNoise(0)(rate).mean / (-2 * rate * Math.log(rate)) - 1)).toBeLessThan(20 * rate);
    }
  });

  test("of many counts is 1 + 1/(6 λ), without a step where the series begins", () => {
    const noise = poissonNoise(1e-4);
    expect(noise(1e5).mean).toBeCloseTo(1 + 1 / 6e5, 9);
    expect(noise(99.999).mean).toBeCloseTo(noise(100.001).mean, 5);
    expect(noise(99.999).variance).toBeCloseTo(noise(100.001).variance, 2);
  });

  test("allows for a background that the model adds: 2 (b − λ ln b …) where nothing is expected", () => {
    expect(poissonNoise(1e-4)(0).mean).toBeCloseTo(2e-4, 6);
    expect(poissonNoise(0.5)(2).mean).toBeGreaterThan(poissonNoise(0)(2).mean);
  });
});
