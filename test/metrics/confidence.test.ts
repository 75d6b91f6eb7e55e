import { expect, it } from "vitest";
import { interleavedHalves } from "../../src/data/halves.ts";
import { ANY_PHASE, confidenceOf } from "../../src/metrics/confidence.ts";
import { trustOf } from "../../src/metrics/halfData.ts";
import { type ComplexImage, complexImage } from "../../src/metrics/image.ts";
import { median } from "../../src/numerics/median.ts";
import { Random } from "../../src/random.ts";
import { complexOf, specimen, toArray } from "./images.ts";
import { rankCorrelation } from "./rankCorrelation.ts";

const shape = [96, 96] as const;
const truth = complexOf(shape, specimen);
const known = new Uint8Array(shape[0] * shape[1]).fill(1);

/** Independent errors of this standard deviation in real and imaginary part. */
function noisy({ data }: ComplexImage, sigma: (pixel: number) => number, seed: number): ComplexImage {
  const random = new Random(seed);
  return { shape, data: data.map((value, i) => value + sigma(i >> 1) * random.normal()) };
}

const mean = ({ data }: ComplexImage, other: ComplexImage): ComplexImage => ({
  shape,
  data: data.map((value, i) => (value + other.data[i]) / 2),
});

const halvesOf = (sigma: (pixel: number) => number) => {
  const [a, b] = [noisy(truth, sigma, 1), noisy(truth, sigma, 2)];
  return { object: mean(a, b), halves: [a, b] as const };
};

const rms = (values: Float64Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

it("white noise in both halves is what is expected of the whole, halved in variance", () => {
  const sigma = 0.02;
  const { amplitude, phase } = confidenceOf({ ...halvesOf(() => sigma), known }, { calibration: 1 });
  // The whole is the mean of two.
  expect(Math.abs(rms(amplitude) / (sigma / Math.SQRT2) - 1)).toBeLessThan(0.1);
  const across = phase.map((value, k) => value * Math.hypot(truth.data[2 * k], truth.data[2 * k + 1]));
  expect(Math.abs(rms(across) / (sigma / Math.SQRT2) - 1)).toBeLessThan(0.1);
});

it("follows noise that grows across the image, and says twice as much for a calibration of two", () => {
  const sigma = (pixel: number): number => 0.005 + (0.04 * (pixel % shape[1])) / shape[1];
  const halves = { ...halvesOf(sigma), known };
  const once = confidenceOf(halves, { calibration: 1 });
  const expected = once.amplitude.map((_, k) => sigma(k) / Math.SQRT2);
  expect(rankCorrelation(once.amplitude, expected)).toBeGreaterThan(0.95);
  const twice = confidenceOf(halves, { calibration: 2 });
  expect(twice.amplitude[100]).toBeCloseTo(2 * once.amplitude[100], 12);
});

it("is never surer than photons allow, nor less sure of a phase than of any", () => {
  const same = { object: truth, halves: [truth, truth] as const, known };
  const photons = new Float64Array(known.length).fill(100);
  const bright = confidenceOf({ ...same, photons });
  // 1 / (2 √n)
  for (const value of bright.amplitude) expect(value).toBeCloseTo(0.05, 12);
  expect(confidenceOf(same).amplitude.every((value) => value === 0)).toBe(true);
  const dark = confidenceOf({ ...same, photons: new Float64Array(known.length) });
  expect(dark.phase.every((value) => value === ANY_PHASE)).toBe(true);
});

it("against a whole that was made otherwise it is that one's error, where both halves agree on it", () => {
  const off = (pixel: number): number => (pixel % shape[1] < 48 ? 0.2 : 0);
  const object = { shape, data: truth.data.map((value, i) => value * (1 + off(i >> 1))) };
  const { halves } = halvesOf(() => 0.01);
  const at = (against: "whole" | "each other") =>
    confidenceOf({ object, halves, known }, { calibration: 1, against }).amplitude;
  const [x, y] = [20, 40];
  const [here, there] = [y * shape[1] + x, y * shape[1] + 76];
  const size = Math.hypot(truth.data[2 * here], truth.data[2 * here + 1]);
  expect(Math.abs(at("whole")[here] / (0.2 * size) - 1)).toBeLessThan(0.25);
  // Beside it the noise of the halves' mean.
  expect(at("whole")[there]).toBeLessThan(0.012);
  expect(at("each other")[here]).toBeLessThan(0.012);
});

it("knows nothing beyond what is known, and is not touched by what lies there", () => {
  const half = known.map((_, k) => (k % shape[1] < 48 ? 1 : 0));
  const halves = halvesOf(() => 0.02);
  const spoilt = {
    ...halves.halves[0],
    data: halves.halves[0].data.map((value, i) => (half[i >> 1] === 1 ? value : 1e3)),
  };
  const clean = confidenceOf({ ...halves, known: half });
  const beside = confidenceOf({ ...halves, halves: [spoilt, halves.halves[1]], known: half });
  expect(beside).toEqual(clean);
  expect(clean.phase.map((value) => (Number.isNaN(value) ? 0 : 1))).toEqual(Float64Array.from(half));
});

it("phase, ramp, level and shift of the halves are nobody's error", () => {
  const { object, halves } = halvesOf(() => 0.01);
  const tilted = {
    shape,
    data: halves[1].data.map((_, i) => {
      const angle = 0.7 + 0.004 * ((i >> 1) % shape[1]);
      const [c, s] = [1.3 * Math.cos(angle), 1.3 * Math.sin(angle)];
      const [re, im] = halves[1].data.subarray(i & ~1, (i & ~1) + 2);
      return i % 2 === 0 ? c * re - s * im : s * re + c * im;
    }),
  };
  const trust = (second: ComplexImage) =>
    trustOf({ object: toArray(object), halves: [toArray(halves[0]), toArray(second)], known });
  const [plain, turned] = [trust(halves[1]), trust(tilted)];
  expect(Math.abs(median(turned.confidence.phase) / median(plain.confidence.phase) - 1)).toBeLessThan(0.02);
  expect(turned.frc.halfBit).toBeCloseTo(plain.frc.halfBit ?? Number.NaN, 1);
  const shifted = complexImage(toArray(complexOf(shape, (y, x) => specimen(y, x + 0.6))));
  expect(median(trust(shifted).confidence.phase)).toBeLessThan(2 * median(plain.confidence.phase));
});

it("halves have one of every two frames that follow each other, whatever the row's length", () => {
  const [a, b] = interleavedHalves(
    Int32Array.from({ length: 101 }, (_, k) => 3 * k),
    new Random(1),
  );
  expect([...a, ...b].sort((x, y) => x - y)).toEqual(Array.from({ length: 101 }, (_, k) => 3 * k));
  expect(Math.abs(a.length - b.length)).toBe(1);
  const pairs = new Set(a.map((frame) => Math.floor(frame / 6)));
  expect(pairs.size).toBe(a.length);
  // Every second one would be every second column of ten.
  expect(new Set(a.map((frame) => (frame / 3) % 10)).size).toBe(10);
});

it("ranks agree fully where order does, not at all where it is any, and ties share theirs", () => {
  expect(rankCorrelation([1, 2, 3, 10], [0, 1, 50, 51])).toBeCloseTo(1, 12);
  expect(rankCorrelation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  // By hand: ranks 0.5, 0.5, 2, 3 and 0, 1, 2, 3.
  expect(rankCorrelation([1, 1, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
});
