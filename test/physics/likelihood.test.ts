import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/gradients.ts";
import { mul, square } from "../../src/graph/ops/elementwise.ts";
import { sum } from "../../src/graph/ops/reduce.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { deviance } from "../../src/metrics/deviance.ts";
import { BACKGROUND_COUNTS, poissonDeviance } from "../../src/physics/likelihood.ts";
import { halfDeviance } from "../../src/physics/poisson.ts";
import { meanDeviation, totalVariation } from "../../src/physics/regularisers.ts";
import { Random } from "../../src/random.ts";
import { dot, evaluate, norm, normals } from "../evaluate.ts";
import {
  countIntensityNll,
  matchEnergy,
  poissonAmplitudeNll,
  poissonNll,
  stirlingRemainder,
} from "../parity/reference/losses.ts";
import { tolerances } from "../tolerances.ts";

/** ln k! in float64: Stirling's series where it is exact to rounding, reached by the recurrence of Γ. */
function logFactorial(k: number): number {
  let product = 0;
  let x = k;
  while (x < 40) product += Math.log(++x);
  return x * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI * x) + 1 / (12 * x) - 1 / (360 * x ** 3) - product;
}

const kLogK = (k: number): number => (k > 0 ? k * Math.log(k) : 0);

/** Evaluates a loss of (rate, counts) on one row of pixels. */
async function ofPixels(
  loss: (rate: Tensor, counts: Tensor) => Tensor,
  rate: readonly number[],
  counts: readonly number[],
): Promise<{ value: Float32Array; slope: Float32Array }> {
  const graph = new Graph();
  const [l, k] = [graph.input("l", [1, rate.length]), graph.input("k", [1, counts.length])];
  const value = loss(l, k);
  const slope = gradients(sum(value), [l])[0];
  return evaluate({ value, slope }, { l: Float32Array.from(rate), k: Float32Array.from(counts) });
}

describe("Poisson pieces", () => {
  it("ln k! behind Stirling's leading terms, for every size of count", async () => {
    const counts = [0, 1e-8, 1e-3, 0.3, 1, 1.5, 2, 5, 7.99, 8, 8.01, 12.5, 100, 1234, 1e5, 1e8].map(Math.fround);
    const graph = new Graph();
    const { value } = await evaluate(
      { value: stirlingRemainder(graph.input("k", [counts.length])) },
      { k: Float32Array.from(counts) },
    );
    const expected = counts.map((k) => logFactorial(k) - (kLogK(k) - k));
    for (const [i, k] of counts.entries()) {
      // For k of 1e5 and more the float64 difference itself is only good to about 1e-9 of ln k!.
      expect(Math.abs(value[i] - expected[i]), `k = ${k}`).toBeLessThan(
        tolerances.logFactorial + 1e-15 * logFactorial(k),
      );
    }
  });

  it("half the deviance, for every size of count and rate", async () => {
    const size = fc.double({ min: -6, max: 6, noNaN: true }).map((x) => Math.fround(10 ** x));
    const pairs = fc.sample(fc.tuple(size, fc.oneof(size, fc.constant(0))), { numRuns: 200, seed: 3 });
    const [rate, counts] = [pairs.map(([l]) => l), pairs.map(([, k]) => k)];
    const { value } = await ofPixels(halfDeviance, rate, counts);
    for (const [i, l] of rate.entries()) {
      const k = counts[i];
      const expected = l - k + (k > 0 ? k * Math.log(k / l) : 0);
      expect(Math.abs(value[i] - expected)).toBeLessThan(tolerances.float32Rounding * (l + k * 30));
    }
  });

  it("negative log likelihood is −ln of the probability", async () => {
    const [rate, counts] = [
      [0.5, 3, 40, 1000],
      [0, 4, 37, 1050],
    ];
    const { value } = await ofPixels((l, k) => poissonNll(l, k), rate, counts);
    const expected = rate.reduce((total, l, i) => total + l - counts[i] * Math.log(l) + logFactorial(counts[i]), 0);
    // The rounding of k / λ, times k.
    const photons = counts.reduce((a, b) => a + b);
    expect(Math.abs(value[0] - expected)).toBeLessThan(tolerances.float32Sum * photons);
  });

  it("clamped rates have no gradient, others the Poisson one", async () => {
    const { slope } = await ofPixels((l, k) => countIntensityNll(l, k, 2), [0, 1e-9, 2, 5], [3, 0, 4, 5]);
    expect(Array.from(slope, (one) => one + 0)).toEqual([0, 0, -0.5, 0]);
  });
});

describe("Poisson deviance", () => {
  it("is the deviance that is reported", async () => {
    const random = new Random(3);
    const [rate, counts] = [
      Array.from({ length: 300 }, () => Math.exp(2 * random.normal())),
      Array.from({ length: 300 }, () => random.poisson(2)),
    ];
    const { value } = await ofPixels(poissonDeviance, rate, counts);
    const background = rate.map((l) => l + BACKGROUND_COUNTS);
    expect(value[0] / deviance(background, counts)).toBeCloseTo(1, 5);
  });

  it("stays finite, with a bounded slope in the amplitude, where nothing is counted or nothing is expected", async () => {
    const graph = new Graph();
    const [amplitude, k] = [graph.input("a", [1, 6]), graph.input("k", [1, 6])];
    const value = poissonDeviance(square(amplitude), k);
    const { loss, slope } = await evaluate(
      { loss: value, slope: gradients(sum(value), [amplitude])[0] },
      { a: Float32Array.of(0, 0, 1e-20, 1e-2, 1e-8, 30), k: Float32Array.of(0, 1, 1, 1, 1e4, 0) },
    );
    expect(Number.isFinite(loss[0])).toBe(true);
    for (const one of slope) expect(Number.isFinite(one)).toBe(true);
    // Mean over six pixels; the steepest amplitude for one photon is the root of the background, where it is 2 / root.
    expect(Math.abs(slope[3] * 6)).toBeLessThan(2 / Math.sqrt(BACKGROUND_COUNTS));
  });

  it("counts valid pixels only", async () => {
    const graph = new Graph();
    const shape = [2, 3, 2, 2];
    const [l, k, m] = [graph.input("l", shape), graph.input("k", shape), graph.input("m", [2, 2])];
    const random = new Random(4);
    const rate = normals(random, 24).map((x) => x * x);
    const counts = normals(random, 24).map((x) => Math.floor(3 * Math.abs(x)));
    const mask = Float32Array.of(1, 0, 1, 1);
    const values = await evaluate(
      { masked: poissonDeviance(l, k, m), all: poissonDeviance(l, k) },
      { l: rate, k: counts, m: mask },
    );
    const background = rate.map((x) => x + BACKGROUND_COUNTS);
    for (const b of [0, 1]) {
      const [own, seen] = [background.subarray(12 * b, 12 * b + 12), counts.subarray(12 * b, 12 * b + 12)];
      expect(values.masked[b] / deviance(own, seen, mask)).toBeCloseTo(1, 5);
      expect(values.all[b] / deviance(own, seen)).toBeCloseTo(1, 5);
    }
  });

  it("is about one at the shot-noise limit", async () => {
    const random = new Random(5);
    const rate = Array.from({ length: 4000 }, () => 1000);
    const counts = rate.map((l) => Math.round(l + Math.sqrt(l) * random.normal()));
    const { value } = await ofPixels(poissonDeviance, rate, counts);
    // χ² of 4000 pixels: standard deviation √(2/4000) = 0.022; four of them.
    expect(Math.abs(value[0] - 1)).toBeLessThan(0.09);
  });
});

describe("slopes against central differences", () => {
  const losses: readonly (readonly [string, (predicted: Tensor, observed: Tensor) => Tensor])[] = [
    ["deviance", (predicted, observed) => poissonDeviance(predicted, observed)],
    ["negative log likelihood", (predicted, observed) => poissonNll(predicted, observed)],
    ["between amplitudes", poissonAmplitudeNll],
    ["energy matched", (predicted, observed) => square(matchEnergy(predicted, square(observed)))],
    ["total variation", (predicted) => totalVariation(square(predicted))],
    ["mean deviation", (predicted) => meanDeviation(square(predicted))],
  ];
  it.each(losses)("%s", async (_name, loss) => {
    const random = new Random(7);
    const graph = new Graph();
    const shape = [2, 1, 4, 4];
    const [x, y] = [graph.input("x", shape), graph.input("y", shape)];
    const value = loss(x, y);
    const c = graph.input("c", value.shape);
    const total = sum(mul(value, c));
    const at = normals(random, 32).map((v) => 2 + Math.abs(v));
    const direction = normals(random, 32);
    const h = tolerances.centralDifference.step;
    const feeds = (sign: number) => ({
      x: at.map((v, i) => v + sign * h * direction[i]),
      y: normals(new Random(8), 32).map((v) => 3 + Math.abs(v)),
      c: normals(new Random(9), c.size),
    });
    const { slope } = await evaluate({ slope: gradients(total, [x])[0] }, feeds(0));
    const [plus, minus] = [await evaluate({ value }, feeds(1)), await evaluate({ value }, feeds(-1))];
    const difference =
      dot(
        plus.value.map((v, i) => v - minus.value[i]),
        feeds(0).c,
      ) /
      (2 * h);
    expect(Math.abs(difference - dot(slope, direction))).toBeLessThan(
      5 * tolerances.centralDifference.relative * norm(slope) * norm(direction),
    );
  });
});

describe("regularisers", () => {
  it("of a ramp and a step", async () => {
    const graph = new Graph();
    const [h, w] = [4, 6];
    const image = graph.input("image", [2, 1, h, w]);
    const data = Float32Array.from({ length: 2 * h * w }, (_, i) => {
      const [y, x] = [Math.floor(i / w) % h, i % w];
      return i < h * w ? 2 * y - 3 * x : x < w / 2 ? -1 : 1;
    });
    const values = await evaluate({ tv: totalVariation(image), md: meanDeviation(image) }, { image: data });
    expect([...values.tv]).toEqual([2 * (h - 1) * w + 3 * h * (w - 1), 2 * h]);
    expect(values.md[1]).toBe(h * w);
  });
});
