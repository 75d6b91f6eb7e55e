import { describe, expect, test } from "vitest";
import type { RealArray } from "../../src/arrays.ts";
import { type AlignmentOptions, align } from "../../src/metrics/align.ts";
import { evaluateReconstruction } from "../../src/metrics/evaluate.ts";
import { applyGauge, type Gauge } from "../../src/metrics/gauge.ts";
import type { ComplexImage } from "../../src/metrics/image.ts";
import { clearPlace, isClear, locate } from "../../src/metrics/locate.ts";
import { conjugated, turned } from "../../src/metrics/orientation.ts";
import { sampleMask, sampleWindow } from "../../src/metrics/resample.ts";
import { gaussianFilter } from "../../src/numerics/gaussianFilter.ts";
import { makeObject } from "../../src/optics/objects.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";
import { complexOf, toArray } from "./images.ts";

const size = [150, 170] as const;
const object: ComplexImage = {
  shape: size,
  data: Float64Array.from(makeObject({ kind: "deadLeaves" }, size, new Random(2), { phase: [-1, 1] }).data),
};
const reference = toArray(object);
const tilt = { scale: 0.4, phase: 2, ramp: [0.3, -0.2], conjugated: false } as const;

/** A part of the object from (top, left), with another gauge and noise. */
function part(
  top: number,
  left: number,
  shape: readonly [number, number],
  noise = 0,
  gauge: Gauge = tilt,
): ComplexImage {
  const window = applyGauge(sampleWindow(object, [top, left], shape).image, gauge);
  const random = new Random(8);
  return { shape, data: window.data.map((value) => value + noise * tilt.scale * random.normal()) };
}

const everywhere = (image: ComplexImage) => ({ image, mask: new Uint8Array(image.data.length / 2).fill(1) });

describe("a place that nothing states", () => {
  test.each([
    ["inside", 31, 44, [80, 90]],
    ["over the edge", -20, 110, [90, 90]],
    ["around the reference", -12, -9, [180, 190]],
  ] as const)("%s is found, whatever the ramp and the noise", (_, top, left, shape) => {
    for (const noise of [0, 0.1]) {
      const { origin, score } = locate(everywhere(part(top, left, shape, noise)), everywhere(object));
      expect(origin).toEqual([top, left]);
      expect(score).toBeGreaterThan(clearPlace);
    }
  });

  test("is found between pixels, and the numbers are those of a stated one", () => {
    const image = toArray(part(31.3, 44.6, [80, 90]));
    const found = align(image, reference, { locate: true });
    expect(found.gauge.placement).toBe("found");
    expect(Math.hypot(found.gauge.origin[0] - 31.3, found.gauge.origin[1] - 44.6)).toBeLessThan(
      tolerances.registrationWithBorders,
    );
    const stated = align(image, reference, { origin: [31, 45] });
    expect(found.gauge.origin[0]).toBeCloseTo(stated.gauge.origin[0], 6);
    expect(found.gauge.scale).toBeCloseTo(stated.gauge.scale, 6);
  });

  test("of large images is found to a block, and by registration to a fraction of a pixel", () => {
    const wide = [420, 400] as const;
    const large = makeObject({ kind: "deadLeaves" }, wide, new Random(4), { phase: [-1, 1] });
    const source = { shape: wide, data: Float64Array.from(large.data) };
    const image = applyGauge(sampleWindow(source, [111, 155], [200, 190]).image, tilt);
    expect(align(toArray(image), large, { locate: true, maxShift: 1 }).gauge.origin).toEqual([
      expect.closeTo(111, 1),
      expect.closeTo(155, 1),
    ]);
  });

  test("is not clear for unrelated images and flat ones", () => {
    const other = makeObject({ kind: "deadLeaves" }, [90, 90], new Random(77), { phase: [-1, 1] });
    const unrelated = everywhere({ shape: [90, 90], data: Float64Array.from(other.data) });
    expect(locate(unrelated, everywhere(object)).score).toBeLessThan(clearPlace);
    expect(locate(everywhere(complexOf([90, 90], () => [1, 0.4])), everywhere(object)).score).toBe(0);
  });

  test("that is not clear leaves what is stated, or the middles on each other", () => {
    const flat = toArray(complexOf([90, 100], () => [1, 0]));
    expect(align(flat, reference, { locate: true, origin: [4, 5] }).gauge).toMatchObject({
      placement: "stated",
      origin: [4, 5],
    });
    expect(align(flat, reference, { locate: true }).gauge).toMatchObject({ placement: "middle", origin: [30, 35] });
  });

  test("counts known pixels only", () => {
    const image = part(31, 44, [80, 90]);
    const mask: RealArray = { shape: [80, 90], data: new Float32Array(7200).fill(1) };
    const random = new Random(3);
    for (let k = 0; k < 2700; k++) {
      mask.data[k] = 0;
      image.data[2 * k] = k % 7 === 0 ? Number.NaN : 20 * random.normal();
    }
    const { gauge, covered } = align(toArray(image), reference, { locate: true, mask });
    expect(gauge.origin).toEqual([31, 44]);
    expect(covered.reduce((sum, value) => sum + value, 0)).toBe(4500);
  });
});

describe("orientation", () => {
  // Without a ramp, whose wraps are errors to the reference system.
  const upright = part(31, 44, [80, 90], 0.02, { ...tilt, ramp: [0, 0] });
  const both: AlignmentOptions = { locate: true, twin: true, gauge: { conjugate: true } };

  test.each([
    ["upright", upright, { conjugated: false, turned: false }],
    ["conjugated", conjugated(upright), { conjugated: true, turned: false }],
    ["twin", conjugated(turned(upright)), { conjugated: true, turned: true }],
  ] as const)("%s is recognised and reported", (_, image, expected) => {
    const metrics = evaluateReconstruction(toArray(image), reference, both);
    expect(metrics.gauge).toMatchObject({ ...expected, placement: "found" });
    expect(metrics.gauge.origin[0]).toBeCloseTo(31, 1);
    expect(metrics.gauge.origin[1]).toBeCloseTo(44, 1);
    expect(metrics.phase.correlation).toBeGreaterThan(0.99);
    // The variants of the reference system see what ours see.
    expect(metrics.compat.phase.ssim).toBeGreaterThan(0.9);
  });

  test("is not tried unless asked", () => {
    const twin = toArray(conjugated(turned(upright)));
    const { gauge, phase } = evaluateReconstruction(twin, reference, { origin: [31, 44] });
    expect(gauge).toMatchObject({ conjugated: false, turned: false });
    expect(phase.correlation).toBeLessThan(0.5);
  });
});

/** Weak random structure on a wide canvas of which a disc in the middle is covered: what a network makes at first. */
function nearlyFlat(seed: number, smoothing: number): { image: ComplexImage; mask: RealArray } {
  const side = 190;
  const random = new Random(seed);
  const smooth = (): Float64Array => {
    const values = gaussianFilter(
      new Float64Array(side * side).map(() => random.normal()),
      [side, side],
      smoothing,
    );
    return values.map((value) => 0.05 * smoothing * value);
  };
  const [amplitude, phase] = [smooth(), smooth()];
  const image = complexOf([side, side], (i, j) => [1 + amplitude[i * side + j], phase[i * side + j]]);
  const inside = (k: number): boolean => Math.hypot(Math.floor(k / side) - 95, (k % side) - 95) < 60;
  return {
    image,
    mask: { shape: [side, side], data: Float32Array.from({ length: side * side }, (_, k) => +inside(k)) },
  };
}

describe("an image that is nearly flat", () => {
  const smoothObject: ComplexImage = {
    shape: size,
    data: Float64Array.from(makeObject({ kind: "lines" }, size, new Random(7)).data),
  };

  test.each([1, 3, 8, 16])("smooth over %d pixels has no clear place, and scores high in several", (smoothing) => {
    for (const seed of [1, 2, 3]) {
      const { image, mask } = nearlyFlat(seed, smoothing);
      expect(isClear(locate({ image, mask: mask.data }, everywhere(smoothObject)))).toBe(false);
    }
  });

  test("stays where its file says and as it is, whatever may be tried", () => {
    for (const [seed, smoothing] of [
      [1, 3],
      [2, 8],
      [3, 16],
    ] as const) {
      const { image, mask } = nearlyFlat(seed, smoothing);
      const stated: AlignmentOptions = { origin: [-20, -10], mask };
      const plain = align(toArray(image), toArray(smoothObject), stated);
      const tried = align(toArray(image), toArray(smoothObject), { ...stated, twin: true, gauge: { conjugate: true } });
      expect(tried.gauge).toEqual(plain.gauge);
      expect(tried.gauge).toMatchObject({ placement: "stated", conjugated: false, turned: false });
      expect(tried.covered).toEqual(plain.covered);
    }
  });
});

describe("the reference's own coverage", () => {
  test("leaves out what it does not know", () => {
    const damaged = toArray({ shape: size, data: object.data.slice() });
    const referenceMask: RealArray = { shape: size, data: new Float32Array(size[0] * size[1]).fill(1) };
    for (let i = 0; i < 40; i++) {
      for (let j = 0; j < size[1]; j++) {
        referenceMask.data[i * size[1] + j] = 0;
        damaged.data[2 * (i * size[1] + j)] = 9;
      }
    }
    const image = toArray(part(20, 30, [100, 110]));
    const { complexError, coverage } = evaluateReconstruction(image, damaged, { origin: [20, 30], referenceMask });
    expect(complexError).toBeLessThan(tolerances.perfectReconstruction);
    expect(coverage.rectangle).toEqual({ top: 20, left: 0, height: 80, width: 110 });
  });

  test("at fractional places takes the pixels that interpolation needs", () => {
    const mask = new Uint8Array(10 * 10).fill(1);
    mask[4 * 10 + 4] = 0;
    const whole = sampleMask(mask, [10, 10], [2, 1], [5, 6]);
    expect(Array.from(whole, (value, k) => (value === 0 ? k : -1)).filter((k) => k >= 0)).toEqual([2 * 6 + 3]);
    const between = sampleMask(mask, [10, 10], [1.5, 0], [7, 10]);
    const rows = [...new Set(Array.from(between, (value, k) => (value === 0 ? Math.floor(k / 10) : -1)))].slice(1);
    // Rows 1.5 + i of which floor − 1 … floor + 2 holds row 4.
    expect(rows).toEqual([1, 2, 3, 4]);
    expect(sampleMask(mask, [10, 10], [-1, 0], [2, 2])).toEqual(Uint8Array.of(0, 0, 1, 1));
  });

  test("must fit", () => {
    const referenceMask: RealArray = { shape: [3, 3], data: new Float32Array(9) };
    expect(() => align(reference, reference, { referenceMask })).toThrow(/mask does not fit the reference/);
  });
});
