import { describe, expect, it } from "vitest";
import { type ComplexArray, complexZeros, joinComplex } from "../../src/arrays.ts";
import { planCanvas } from "../../src/inference/canvas.ts";
import { wellCovered } from "../../src/inference/coverage.ts";
import { probeWeights, uniformWeights } from "../../src/inference/patchWeights.ts";
import { createStitcher } from "../../src/inference/stitch.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";

const side = 40;
const n = 8;
const trim = 6;

/** No symmetry of any kind: a pixel tells its own row and column. */
const object: ComplexArray = joinComplex(
  [side, side],
  Float32Array.from({ length: side * side }, (_, i) => 1 + Math.floor(i / side)),
  Float32Array.from({ length: side * side }, (_, i) => -2 - 0.5 * (i % side)),
);

/** Windows of position (y, x) by the project's definition: rows y - n/2 .. y + n/2 - 1. Integer positions. */
function windowsOf(positions: Float64Array): ComplexArray {
  const patches = complexZeros([positions.length / 2, n, n]);
  for (let k = 0; k < positions.length / 2; k++)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const from = 2 * ((positions[2 * k] - n / 2 + i) * side + positions[2 * k + 1] - n / 2 + j);
        const to = 2 * ((k * n + i) * n + j);
        patches.data[to] = object.data[from];
        patches.data[to + 1] = object.data[from + 1];
      }
  return patches;
}

const integerPositions = Float64Array.from([12, 10, 13, 14, 16, 11, 17, 15, 20, 19, 14, 22]);

describe("stitching", () => {
  it("puts every window of an object without symmetry back where it was cut", () => {
    const canvas = planCanvas(integerPositions, trim);
    const stitcher = createStitcher({ canvas, trim, weights: uniformWeights(trim) });
    stitcher.add(windowsOf(integerPositions), integerPositions);
    const { object: result, count } = stitcher.finish();
    let seen = 0;
    for (let i = 0; i < canvas.height; i++)
      for (let j = 0; j < canvas.width; j++) {
        const at = i * canvas.width + j;
        if (count[at] === 0) continue;
        seen++;
        const from = 2 * ((canvas.origin.y + i) * side + canvas.origin.x + j);
        expect(result.data[2 * at]).toBeCloseTo(object.data[from], 5);
        expect(result.data[2 * at + 1]).toBeCloseTo(object.data[from + 1], 5);
      }
    expect(seen).toBeGreaterThan(2 * trim * trim);
  });

  it("moves patch k by +(r_k - mean r): one bright pixel per patch lands on its position", () => {
    const positions = Float64Array.from([5, 5, 5, 15, 25, 5, 9, 31]);
    const canvas = planCanvas(positions, trim, { centre: "mean" });
    for (let k = 0; k < 4; k++) {
      const patch = complexZeros([1, n, n]);
      patch.data[2 * ((n / 2) * n + n / 2)] = 1;
      const stitcher = createStitcher({ canvas, trim, weights: uniformWeights(trim) });
      stitcher.add(patch, positions.slice(2 * k, 2 * k + 2));
      const peak = indexOfLargest(stitcher.finish().object);
      expect(Math.floor(peak / canvas.width) - Math.floor(canvas.height / 2)).toBe(positions[2 * k] - 11);
      expect((peak % canvas.width) - Math.floor(canvas.width / 2)).toBe(positions[2 * k + 1] - 14);
    }
  });

  it("agrees with the sum over four neighbours written out for every pixel, and does not depend on the batches", () => {
    const random = new Random(3);
    const count = 9;
    const positions = Float64Array.from({ length: 2 * count }, () => 20 + 6 * random.uniform());
    const patches = {
      shape: [count, n, n],
      data: Float32Array.from({ length: 2 * count * n * n }, () => random.normal()),
    };
    const probe = { shape: [2, n, n], data: Float32Array.from({ length: 4 * n * n }, () => random.normal()) };
    const weights = probeWeights(probe, trim);
    const canvas = planCanvas(positions, trim);
    const whole = createStitcher({ canvas, trim, weights });
    whole.add(patches, positions);
    const batched = createStitcher({ canvas, trim, weights });
    for (let k = 0; k < count; k++)
      batched.add(
        { shape: [1, n, n], data: patches.data.slice(2 * k * n * n, 2 * (k + 1) * n * n) },
        positions.slice(2 * k, 2 * k + 2),
      );
    const result = whole.finish();
    expect(batched.finish()).toEqual(result);

    for (let i = 0; i < canvas.height; i++)
      for (let j = 0; j < canvas.width; j++) {
        const expected = bruteForce(patches, positions, weights, canvas.origin.y + i, canvas.origin.x + j);
        const at = i * canvas.width + j;
        expect(Math.abs(result.weight[at] - expected.weight)).toBeLessThan(tolerances.stitchedObject);
        expect(Math.abs(result.count[at] - expected.count)).toBeLessThan(tolerances.stitchedObject);
        if (expected.weight < 1e-4) continue;
        expect(Math.abs(result.object.data[2 * at] - expected.re / expected.weight)).toBeLessThan(
          tolerances.stitchedObject,
        );
      }
  });

  it("gives back a constant exactly wherever anything was placed", () => {
    const positions = Float64Array.from([10.3, 10.7, 12.1, 14.9, 15.5, 9.25]);
    const patches = { shape: [3, n, n], data: new Float32Array(6 * n * n).map((_, i) => (i % 2 === 0 ? 0.6 : -0.8)) };
    const stitcher = createStitcher({ canvas: planCanvas(positions, trim), trim, weights: uniformWeights(trim) });
    stitcher.add(patches, positions);
    const { object: result, weight } = stitcher.finish();
    for (let i = 0; i < weight.length; i++)
      if (weight[i] > 1e-6) {
        expect(result.data[2 * i]).toBeCloseTo(0.6, 5);
        expect(result.data[2 * i + 1]).toBeCloseTo(-0.8, 5);
      }
  });

  it("keeps what lies on the canvas of a patch that reaches beyond it, and counts such patches", () => {
    const canvas = { height: 10, width: 10, origin: { y: 0, x: 0 } };
    const stitcher = createStitcher({ canvas, trim, weights: uniformWeights(trim) });
    const ones = { shape: [2, n, n], data: new Float32Array(4 * n * n).fill(1) };
    stitcher.add(ones, Float64Array.from([0, 0, 200, -50]));
    const { count, atRim, patches } = stitcher.finish();
    expect([patches, atRim]).toEqual([2, 2]);
    expect(count.reduce((a, b) => a + b)).toBe((trim / 2) ** 2);
  });
});

describe("canvas planning", () => {
  it("lies on the object's pixel grid unless told to centre on the mean", () => {
    const positions = Float64Array.from([10.2, 30.4, 14.9, 37.7]);
    const canvas = planCanvas(positions, trim);
    expect(Number.isInteger(canvas.origin.y) && Number.isInteger(canvas.origin.x)).toBe(true);
    const exact = planCanvas(positions, trim, { centre: "mean" });
    expect(exact.origin.y + exact.height / 2).toBeCloseTo(12.55, 12);
    expect(exact.origin.x + exact.width / 2).toBeCloseTo(34.05, 12);
  });

  it("names the outlier when one position would blow the canvas up", () => {
    const positions = Float64Array.from([1, 1, 2, 2, 3, 3, 4e6 + 3, 4]);
    expect(() => planCanvas(positions, trim)).toThrow(
      /too large a canvas.*frame 3 lies 4000000 pixels.*`max_canvas_pixels`/s,
    );
    expect(() => planCanvas(Float64Array.from([1, Number.NaN]), trim)).toThrow(/not a finite number.*frame 0/s);
    expect(() => planCanvas(new Float64Array(0), trim)).toThrow(/needs scan positions/);
  });
});

describe("misuse", () => {
  const canvas = planCanvas(integerPositions, trim);
  it("is refused at the door", () => {
    const stitcher = createStitcher({ canvas, trim, weights: uniformWeights(trim) });
    expect(() => stitcher.add(complexZeros([2, n, n]), integerPositions)).toThrow(/one position/);
    expect(() => stitcher.add(complexZeros([1, 4, 4]), new Float64Array(2))).toThrow(/sides of at least 6/);
    expect(() => createStitcher({ canvas, trim, weights: uniformWeights(4) })).toThrow(/do not fit the trim/);
    expect(() => probeWeights(complexZeros([1, 4, 4]), trim)).toThrow(/probe does not fit/);
    expect(() => probeWeights(complexZeros([1, n, n]), trim)).toThrow(/dark/);
  });
});

describe("the well-covered area", () => {
  const coverage = Float32Array.from([0, 0.05, 1, 1, 1, 20]);
  it("is measured against the median of what is covered, or the maximum", () => {
    expect(Array.from(wellCovered(coverage))).toEqual([0, 0, 1, 1, 1, 1]);
    expect(Array.from(wellCovered(coverage, { of: "maximum" }))).toEqual([0, 0, 0, 0, 0, 1]);
    expect(() => wellCovered(new Float32Array(4))).toThrow(/nothing was placed/);
  });
});

function indexOfLargest(a: ComplexArray): number {
  let best = 0;
  for (let i = 0; i < a.data.length / 2; i++) if (a.data[2 * i] > a.data[2 * best]) best = i;
  return best;
}

/** Object pixel (y, x): every cropped pixel of every patch, times the hat function of its distance. */
function bruteForce(patches: ComplexArray, positions: Float64Array, weights: Float64Array, y: number, x: number) {
  const sum = { re: 0, weight: 0, count: 0 };
  const hat = (d: number): number => Math.max(0, 1 - Math.abs(d));
  for (let k = 0; k < positions.length / 2; k++)
    for (let i = 0; i < trim; i++)
      for (let j = 0; j < trim; j++) {
        const share = hat(y - (positions[2 * k] - trim / 2 + i)) * hat(x - (positions[2 * k + 1] - trim / 2 + j));
        const weight = weights[i * trim + j] * share;
        const from = 2 * ((k * n + i + (n - trim) / 2) * n + j + (n - trim) / 2);
        sum.re += weight * patches.data[from];
        sum.weight += weight;
        sum.count += share;
      }
  return sum;
}
