import { expect, test } from "vitest";
import { meanAbsoluteError, pearson, psnr, relativeError } from "../../src/metrics/differences.ts";
import { dataRange } from "../../src/metrics/image.ts";
import { msSsim } from "../../src/metrics/msSsim.ts";
import { ssim, ssimMap } from "../../src/metrics/ssim.ts";
import { imageOf } from "./images.ts";

// Numbers of scikit-image are in standard.test.ts.
const a = imageOf([48, 40], (i, j) => Math.sin(0.31 * i) + Math.cos((0.17 * i * j) / 10) + 0.02 * j);
const b = imageOf([48, 40], (i, j) => 0.9 * a.data[i * 40 + j] + 0.2 * Math.cos(1.3 * i + 0.7 * j) + 0.05);

test("MS-SSIM is that of an independent program with scipy's Gaussian filter", () => {
  // Same formulas on 200 × 180 pixels with 0.017 for 0.17; five scales as in Wang, Simoncelli & Bovik.
  const x = imageOf([200, 180], (i, j) => Math.sin(0.31 * i) + Math.cos((0.017 * i * j) / 10) + 0.02 * j);
  const y = imageOf([200, 180], (i, j) => 0.9 * x.data[i * 180 + j] + 0.2 * Math.cos(1.3 * i + 0.7 * j) + 0.05);
  expect(msSsim(x, y, dataRange(x.data))).toBeCloseTo(0.9864920085955684, 12);
});

test("MS-SSIM of an image that holds one scale only is Gaussian SSIM", () => {
  const small = (image: typeof a): typeof a => ({ shape: [20, 20], data: image.data.slice(0, 400) });
  // The published weights sum to 1.0001, at any number of scales.
  const expected = ssim(small(a), small(b), { range: 4, window: "gaussian" }) ** 1.0001;
  expect(msSsim(small(a), small(b), 4)).toBeCloseTo(expected, 12);
});

test("an SSIM window is the formula of the paper, by brute force", () => {
  const [top, left, n, range] = [11, 23, 7, 4.5];
  const values = (image: typeof a): number[] =>
    Array.from({ length: n * n }, (_, k) => image.data[(top + Math.floor(k / n)) * 40 + left + (k % n)]);
  const [x, y] = [values(a), values(b)];
  const average = (v: number[]): number => v.reduce((s, e) => s + e, 0) / v.length;
  const covariance = (v: number[], w: number[]): number =>
    v.reduce((s, e, k) => s + (e - average(v)) * (w[k] - average(w)), 0) / (n * n - 1);
  const [mx, my, c1, c2] = [average(x), average(y), (0.01 * range) ** 2, (0.03 * range) ** 2];
  const expected =
    ((2 * mx * my + c1) * (2 * covariance(x, y) + c2)) /
    ((mx ** 2 + my ** 2 + c1) * (covariance(x, x) + covariance(y, y) + c2));
  const map = ssimMap(a, b, { range });
  expect(map.shape).toEqual([42, 34]);
  expect(map.data[top * 34 + left]).toBeCloseTo(expected, 12);
});

test("equal images are perfect, inverted ones are not", () => {
  const waves = imageOf([48, 40], (i, j) => 3 + Math.cos(1.3 * i + 0.7 * j));
  const inverted = { ...waves, data: waves.data.map((value) => 6 - value) };
  expect(ssim(a, a, { range: 4 })).toBeCloseTo(1, 12);
  expect(msSsim(a, a, 4)).toBeCloseTo(1, 12);
  expect(psnr(a.data, a.data, 4)).toBe(Number.POSITIVE_INFINITY);
  expect(ssim(waves, inverted, { range: 2 })).toBeLessThan(0);
  expect(msSsim(waves, inverted, 2)).toBe(0);
});

test("refuses what cannot be compared", () => {
  expect(() =>
    ssim(
      a,
      imageOf([40, 48], () => 0),
      { range: 1 },
    ),
  ).toThrow(/differ in size/);
  expect(() => ssim(a, b, { range: 0 })).toThrow(/positive data range/);
  const tiny = imageOf([6, 9], (i) => i);
  expect(() => ssim(tiny, tiny, { range: 1 })).toThrow(/too small/);
});

test("plain differences in closed form", () => {
  const x = Float64Array.of(1, 2, 3, 4);
  const y = Float64Array.of(2, 0, 3, 8);
  expect(meanAbsoluteError(x, y)).toBe(7 / 4);
  expect(psnr(x, y, 10)).toBeCloseTo(10 * Math.log10(100 / (21 / 4)), 12);
  expect(
    pearson(
      x,
      x.map((v) => 5 - 2 * v),
    ),
  ).toBeCloseTo(-1, 12);
  expect(pearson(x, new Float64Array(4).fill(0.1))).toBe(0);
  expect(relativeError(Float64Array.of(3, 4), Float64Array.of(3, 0))).toBeCloseTo(4 / 3, 12);
});
