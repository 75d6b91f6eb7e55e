import { describe, expect, test } from "vitest";
import type { ComplexArray, RealArray } from "../../src/arrays.ts";
import { evaluateReconstruction, type Metrics } from "../../src/metrics/evaluate.ts";
import { type ComplexImage, crop, type Rectangle } from "../../src/metrics/image.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";
import { complexOf, specimen, toArray } from "./images.ts";

/** What a pixel without amplitude, or without a number, counts for. */

const shape = [90, 100] as const;
const truth = complexOf(shape, specimen);
/** Not the truth: the numbers of a bad reconstruction must stay those of a bad one. */
const wrong = complexOf(shape, (y, x) => specimen(0.9 * y + 31, 1.1 * x - 12));
const inner: Rectangle = { top: 18, left: 25, height: 50, width: 44 };
const options = { register: false } as const;

/** The image with everything outside `inner` replaced. */
function framed(image: ComplexImage, margin: (k: number) => readonly [re: number, im: number]): ComplexArray {
  const { top, left, height, width } = inner;
  const data = image.data.slice();
  for (let k = 0; k < data.length / 2; k++) {
    const [i, j] = [Math.floor(k / shape[1]) - top, (k % shape[1]) - left];
    if (i < 0 || i >= height || j < 0 || j >= width) data.set(margin(k), 2 * k);
  }
  return toArray({ shape, data });
}

const random = new Random(4);
const noise = (size: number) => (): [number, number] => [size * random.normal(), size * random.normal()];
const margins: [string, (k: number) => readonly [number, number]][] = [
  ["zeros", () => [0, 0]],
  ["NaN", () => [Number.NaN, Number.NaN]],
  ["half NaN", () => [0, Number.NaN]],
  ["infinities", () => [Number.POSITIVE_INFINITY, 0]],
  ["tiny noise", noise(1e-5)],
  ["next to nothing", noise(1e-30)],
  ["zeros and NaN mixed", (k) => (k % 3 === 0 ? [0, 0] : [Number.NaN, 0])],
];

function numbers({ complexError, amplitude, phase, frc, coverage }: Metrics): number[] {
  return [
    complexError,
    ...Object.values(amplitude),
    ...Object.values(phase),
    ...frc.curve.correlation,
    coverage.pixels,
  ];
}

function expectSame(a: Metrics, b: Metrics): void {
  const [x, y] = [numbers(a), numbers(b)];
  expect(x).toHaveLength(y.length);
  x.forEach((value, i) => {
    expect(Math.abs(value - y[i])).toBeLessThanOrEqual(tolerances.gaugeResidual * Math.max(1, Math.abs(y[i])));
  });
}

describe("a margin scores as if it had been cut off", () => {
  const cropped = evaluateReconstruction(toArray(crop(wrong, inner)), toArray(crop(truth, inner)), options);

  test("of a reconstruction that is bad indeed", () => {
    expect(cropped.phase.correlation).toBeLessThan(0.5);
  });

  test.each(margins)("%s", (_, margin) => {
    const reference = toArray(truth);
    expectSame(evaluateReconstruction(framed(wrong, margin), reference, options), cropped);
    expectSame(evaluateReconstruction(toArray(wrong), framed(truth, margin), options), cropped);
    expectSame(evaluateReconstruction(framed(wrong, margin), framed(truth, margin), options), cropped);
  });

  test("also where nothing says how the two lie", () => {
    const found = evaluateReconstruction(
      framed(truth, () => [0, 0]),
      toArray(truth),
      { locate: true },
    );
    expect(found.coverage.pixels).toBe(inner.height * inner.width);
    expect(found.complexError).toBeLessThan(tolerances.perfectReconstruction);
  });
});

describe("a pixel without amplitude inside", () => {
  const hole = (k: number): boolean => {
    const [i, j] = [Math.floor(k / shape[1]), k % shape[1]];
    return i >= 30 && i < 60 && j >= 30 && j < 70;
  };
  const holed = (image: ComplexImage): ComplexArray =>
    toArray({ shape, data: image.data.map((value, i) => (hole(i >> 1) ? 0 : value)) });
  const unit = { register: false, gauge: { ramp: false, scale: false } } as const;

  test("has the phase of the reference's mean in the reconstruction", () => {
    const { phase, coverage } = evaluateReconstruction(holed(truth), toArray(truth), unit);
    let [re, im, error] = [0, 0, 0];
    for (let k = 0; k < truth.data.length; k += 2) {
      re += truth.data[k];
      im += truth.data[k + 1];
    }
    const middle = Math.atan2(im, re);
    for (let k = 0; k < truth.data.length / 2; k++)
      if (hole(k)) error += Math.abs(Math.atan2(truth.data[2 * k + 1], truth.data[2 * k]) - middle);
    expect(coverage.fraction).toBe(1);
    expect(phase.mae).toBeCloseTo(error / (shape[0] * shape[1]), 6);
    expect(phase.correlation).toBeLessThan(0.98);
  });

  test("is worth no phase in the reference, and an error to a reconstruction that has one", () => {
    const { phase } = evaluateReconstruction(toArray(truth), holed(truth), unit);
    expect(phase.mae).toBeGreaterThan(0.01);
    expect(phase.correlation).toBeLessThan(0.98);
  });

  test("is no error where both have none", () => {
    const { phase, amplitude } = evaluateReconstruction(holed(truth), holed(truth), unit);
    expect(phase.mae).toBeLessThan(1e-6);
    expect(amplitude.mae).toBeLessThan(1e-6);
  });

  test("counts where the file's own coverage says that it was reconstructed", () => {
    const mask: RealArray = { shape, data: new Float32Array(shape[0] * shape[1]).fill(1) };
    const { coverage, phase } = evaluateReconstruction(
      framed(truth, () => [0, 0]),
      toArray(truth),
      { ...unit, mask },
    );
    expect(coverage.fraction).toBe(1);
    expect(phase.correlation).toBeLessThan(0.7);
  });

  test("is part of an object whose dark bars reach the border", () => {
    const bars = complexOf(shape, (y, x) => [y % 10 < 5 || x % 12 < 3 ? 0 : 1, specimen(y, x)[1]]);
    const { coverage, amplitude } = evaluateReconstruction(toArray(bars), toArray(bars), options);
    expect(coverage.fraction).toBe(1);
    expect(amplitude.ssim).toBeCloseTo(1, 6);
  });
});

describe("an image without amplitude", () => {
  const black = toArray(complexOf(shape, () => [0, 0]));

  test("correlates with nothing, and nothing about it is perfect", () => {
    const { complexError, amplitude, phase, coverage } = evaluateReconstruction(black, toArray(truth));
    expect(complexError).toBe(1);
    expect([amplitude.correlation, phase.correlation]).toEqual([0, 0]);
    expect(phase.psnr).toBeLessThan(20);
    expect(phase.ssim).toBeLessThan(0.2);
    expect(phase.mae).toBeGreaterThan(0.2);
    expect(coverage.fraction).toBe(1);
  });

  test("is no reference", () => {
    expect(() => evaluateReconstruction(toArray(truth), black)).toThrow(/the reference has no amplitude/);
  });
});
