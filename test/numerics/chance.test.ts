import { describe, expect, it } from "vitest";
import { blockMean, normalTail, poissonTail, studentTail } from "../../src/numerics/chance.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";

describe("chances", () => {
  // Abramowitz & Stegun, tables 26.1 and 26.2; beyond them ½ erfc(z/√2) by series in exact arithmetic.
  it.each([
    [0, 0.5],
    [1, 0.15865525393145707],
    [2.9, 0.001865813300384038],
    [3.1, 0.0009676032132183561],
    [5, 2.8665157187919333e-7],
    [8, 6.220960574271785e-16],
  ])("a normal deviate exceeds %d", (z, chance) => {
    expect(normalTail(z) / chance).toBeCloseTo(1, 9);
    expect(normalTail(-z)).toBeCloseTo(1 - chance, 12);
  });

  // Critical values of the tables of Student's t: one-sided 0.05, 0.005, 0.0005.
  it.each([
    [2.132, 4, 0.05],
    [4.604, 4, 0.005],
    [1.753, 15, 0.05],
    [2.947, 15, 0.005],
    [4.073, 15, 0.0005],
    [3.291, 1e6, 0.0005],
  ])("Student's t exceeds %d of %d degrees of freedom", (t, freedom, chance) => {
    expect(Math.abs(studentTail(t, freedom) / chance - 1)).toBeLessThan(tolerances.wallaceTail);
    expect(studentTail(t, freedom) + studentTail(-t, freedom)).toBeCloseTo(1, 12);
  });

  it.each([
    [3, 0.5],
    [1, 2],
    [12, 5],
    [40, 60],
    [90, 60],
  ])("a Poisson deviate is at least %d where %d are expected: the sum over all others", (count, mean) => {
    let [term, below] = [Math.exp(-mean), 0];
    for (let k = 0; k < count; k++) {
      below += term;
      term *= mean / (k + 1);
    }
    expect(poissonTail(count, mean)).toBeCloseTo(1 - below, 10);
  });

  // P(X ≥ λ) = ½ + (1/3) / √(2 π λ) + O(λ^-3/2), by Ramanujan's θ; two standard deviations off nearly the normal's.
  it.each([1e4, 1e6, 1e8])("a Poisson deviate of a mean of %d is at least that in half of all cases", (mean) => {
    expect(Math.abs(poissonTail(mean, mean) - 0.5 - 1 / 3 / Math.sqrt(2 * Math.PI * mean))).toBeLessThan(1e-6);
    const [above, below] = [2, -2].map((z) => mean + z * Math.sqrt(mean));
    expect(Math.abs(poissonTail(above, mean) - normalTail(2))).toBeLessThan(1 / Math.sqrt(mean));
    expect(Math.abs(poissonTail(below, mean) - normalTail(-2))).toBeLessThan(1 / Math.sqrt(mean));
  });

  it("far out a Poisson tail is not lost in rounding", () => {
    // The first term, and a bound by the geometric series.
    const first = Math.exp(100 * Math.log(5) - 5 - 363.73937555556347);
    expect(poissonTail(100, 5)).toBeGreaterThan(first);
    expect(poissonTail(100, 5)).toBeLessThan(first / (1 - 5 / 100));
  });

  it("the error of a mean by leaving blocks out is that of the blocks' scatter, whatever hangs together within them", () => {
    const random = new Random(2);
    let inside = 0;
    const trials = 400;
    for (let trial = 0; trial < trials; trial++) {
      const blocks = Array.from({ length: 16 }, () => {
        const common = random.normal();
        const values = Array.from({ length: 10 }, () => common + 0.3 * random.normal());
        return { sum: values.reduce((a, b) => a + b, 0), weight: values.length };
      });
      const { mean, error, freedom } = blockMean(blocks);
      expect(freedom).toBe(15);
      if (Math.abs(mean) < 2.131 * error) inside++;
    }
    // Two-sided 95 % of 15 degrees of freedom; six standard deviations of 400 trials.
    expect(Math.abs(inside / trials - 0.95)).toBeLessThan(6 * Math.sqrt((0.95 * 0.05) / trials));
  });
});
