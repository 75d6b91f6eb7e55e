import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { noiseScale } from "../../bench/gradientNoise.ts";
import {
  NETWORK,
  noiseOf,
  passTime,
  readInputs,
  type ScalingInputs,
  scalingTables,
  stepsNeeded,
  stepTime,
  sumTime,
} from "../../bench/scalingModel.ts";
import { Random } from "../../src/random.ts";

const here = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Round numbers: 10 ms and 1 ms a pattern, a megabyte of gradients, half a millisecond a call, 1 ns to add a byte. */
const inputs: ScalingInputs = {
  ...{ machine: "none", engine: "ml", step: { fixed: 10, each: 1 }, gradientBytes: 1e6, smallSums: 2 },
  ...{
    call: 0.5,
    sumByte: 1e-6,
    noise: [
      { signal: 1e6, variance: 1 },
      { signal: -1, variance: 100 },
      { signal: 3, variance: 28 },
    ],
  },
  infer: { each: 2, bytes: 1e6, calls: 1 },
  reconstruct: { each: 1, bytes: 3e6, calls: 3, per: 100 },
};
const network = { latency: 0.01, bandwidth: 1e6 };

describe("the model of scaling", () => {
  it("one process sums nothing", () => {
    expect(sumTime(1e9, 1, inputs, network)).toBe(0);
    expect(stepTime(16, 1, inputs, network)).toBe(26);
    expect(passTime(inputs.infer, 1000, 1, inputs, network)).toBe(2000);
  });

  it("of four each sends three messages and three quarters of the bytes, twice", () => {
    // Half a millisecond a call, one for adding; six messages; six quarters of a megabyte at one a millisecond.
    const large = 0.5 + 1 + 0.06 + 1.5;
    expect(sumTime(1e6, 4, inputs, network)).toBeCloseTo(large, 12);
    const small = 0.5 + 8e-6 + 0.06 + 1.2e-5;
    expect(stepTime(16, 4, inputs, network)).toBeCloseTo(26 + large + 2 * small, 12);
    expect(passTime(inputs.infer, 1001, 4, inputs, network)).toBeCloseTo(251 * 2 + large, 12);
    expect(passTime(inputs.reconstruct, 200, 4, inputs, network)).toBeCloseTo(50 + 6 * large, 12);
  });

  it("the bytes over each line approach twice the vector, however many there are", () => {
    const free = { ...inputs, call: 0, sumByte: 0 };
    expect(sumTime(1e6, 1e6, free, { latency: 0, bandwidth: 1e6 })).toBeCloseTo(2, 5);
  });

  it("the noise scale is that of all epochs but the first together", () => {
    expect(noiseOf(inputs)).toBe(64);
  });

  it("at the noise scale a loss takes twice as many batches as without noise", () => {
    expect(stepsNeeded(64, 64)).toBe(2);
    expect(stepsNeeded(1e9, 64)).toBeCloseTo(1, 6);
  });
});

it("the noise scale is that of gradients whose noise is known", () => {
  // |G|² = 100 numbers of 0.3², tr Σ = 100 numbers of 2².
  const random = new Random(4);
  const gradient = (batch: number): number =>
    Math.sqrt(
      Array.from({ length: 100 }, () => (0.3 + (2 * random.normal()) / Math.sqrt(batch)) ** 2).reduce((a, b) => a + b),
    );
  const small = Array.from({ length: 4000 }, () => gradient(8));
  const found = noiseScale(small, 8, gradient(1e6), 1e6);
  // 4000 batches tell their mean square, 59 with a standard deviation of 11, to 0.2; the signal, 9, is known to 0.02.
  expect(Math.abs(found.signal - 9)).toBeLessThan(0.1);
  expect(Math.abs(found.variance / 400 - 1)).toBeLessThan(0.02);
});

it("docs/scaling.md has the tables that the model makes of what was measured", () => {
  const page = readFileSync(here("docs/scaling.md"), "utf8");
  for (const table of scalingTables(readInputs(here("bench/scaling.json")), NETWORK)) expect(page).toContain(table);
});
