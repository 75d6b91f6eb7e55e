import { expect, test } from "vitest";
import { relativeError } from "../../src/metrics/differences.ts";
import { applyGauge } from "../../src/metrics/gauge.ts";
import { crop } from "../../src/metrics/image.ts";
import { findShift } from "../../src/metrics/registration.ts";
import { sampleWindow } from "../../src/metrics/resample.ts";
import { makeObject } from "../../src/optics/objects.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";
import { fourierShift } from "./fourierShift.ts";
import { complexOf, specimen } from "./images.ts";

const shape = [64, 81] as const;
const reference = complexOf(shape, specimen);

test("undoes a periodic shift exactly, whatever constant phase lies between", () => {
  for (const shift of [
    [3.36, -1.82],
    [-7.5, 20.25],
    [0, 0],
  ] as const) {
    const moving = applyGauge(fourierShift(reference, shift), {
      scale: 1.7,
      phase: 2.5,
      ramp: [0, 0],
      conjugated: false,
    });
    for (const whiten of [false, true]) {
      const found = findShift(moving, reference, { whiten });
      expect(found.shift[0]).toBeCloseTo(-shift[0], 6);
      expect(found.shift[1]).toBeCloseTo(-shift[1], 6);
      // The even side's Nyquist row has no partner and a fractional shift turns part of it away.
      expect(found.correlation).toBeGreaterThan(0.98);
    }
  }
});

test.each([
  [0.4, -0.3],
  [2.37, 1.81],
  [-4.6, 3.2],
])("finds a shift of (%d, %d) when new content comes in at the border", (dy, dx) => {
  const size = [128, 140] as const;
  const wide = makeObject({ kind: "deadLeaves" }, [160, 170], new Random(2), { phase: [-1, 1] });
  const source = { shape: [160, 170] as const, data: Float64Array.from(wide.data) };
  const still = sampleWindow(source, [16, 15], size).image;
  const moving = sampleWindow(source, [16 - dy, 15 - dx], size).image;
  const { shift } = findShift(moving, still, { taper: 16 });
  expect(Math.hypot(shift[0] + dy, shift[1] + dx)).toBeLessThan(tolerances.registrationWithBorders);
});

test("of unrelated images has a low correlation, of a flat one none", () => {
  const other = makeObject({ kind: "gaussianField" }, shape, new Random(9));
  const noise = { shape, data: Float64Array.from(other.data) };
  expect(findShift(noise, reference, { taper: 8 }).correlation).toBeLessThan(0.5);
  const flat = complexOf(shape, () => [0, 0]);
  expect(findShift(flat, reference)).toEqual({ shift: [0, 0], correlation: 0 });
});

test("looks no farther than told", () => {
  const { shift } = findShift(fourierShift(reference, [0, 20]), reference, { maxShift: 5 });
  expect(Math.abs(shift[1])).toBeLessThan(7);
});

test("a Fourier shift by whole pixels moves pixels", () => {
  const moved = fourierShift(reference, [2, -3]);
  expect(moved.data[2 * (10 * 81 + 20)]).toBeCloseTo(reference.data[2 * (8 * 81 + 23)], 10);
  expect(moved.data[2 * (0 * 81 + 80)]).toBeCloseTo(reference.data[2 * (62 * 81 + 2)], 10);
});

test("a window at a fractional place shows a smooth image's values there", () => {
  const window = sampleWindow(reference, [5.3, 7.6], [40, 50]).image;
  const expected = complexOf([40, 50], (i, j) => specimen(i + 5.3, j + 7.6));
  expect(relativeError(window.data, expected.data)).toBeLessThan(tolerances.lanczosSmooth);
});

test("a window at a whole place is a copy, and says what lies outside", () => {
  const { image, inside } = sampleWindow(reference, [60, -2], [10, 6]);
  expect(crop(image, { top: 0, left: 2, height: 4, width: 4 })).toEqual(
    crop(reference, { top: 60, left: 0, height: 4, width: 4 }),
  );
  expect(Array.from(inside.slice(0, 6))).toEqual([0, 0, 1, 1, 1, 1]);
  expect(Array.from(inside.slice(24, 30))).toEqual([0, 0, 0, 0, 0, 0]);
});
