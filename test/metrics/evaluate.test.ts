import { describe, expect, test } from "vitest";
import type { ComplexArray, RealArray } from "../../src/arrays.ts";
import { evaluateReconstruction } from "../../src/metrics/evaluate.ts";
import { applyGauge } from "../../src/metrics/gauge.ts";
import { makeObject } from "../../src/optics/objects.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";
import { complexOf, specimen, toArray } from "./images.ts";

const shape = [120, 140] as const;
const truth = complexOf(shape, specimen);
const reference: ComplexArray = toArray(truth);

describe("a perfect reconstruction", () => {
  test("is perfect after phase, scale and ramp, which are reported", () => {
    const gauge = { scale: 0.4, phase: -2, ramp: [0.08, -0.05], conjugated: false } as const;
    const metrics = evaluateReconstruction(toArray(applyGauge(truth, gauge)), reference);
    expect(metrics.complexError).toBeLessThan(tolerances.perfectReconstruction);
    expect(metrics.amplitude.ssim).toBeCloseTo(1, 5);
    expect(metrics.phase.msSsim).toBeCloseTo(1, 5);
    expect(metrics.phase.correlation).toBeCloseTo(1, 5);
    expect(metrics.phase.mae).toBeLessThan(1e-5);
    expect(metrics.frc.halfBit).toBe(2);
    expect(metrics.gauge.scale).toBeCloseTo(2.5, 4);
    expect(metrics.gauge.ramp[0]).toBeCloseTo(-0.08, 5);
    expect(metrics.gauge.shift[0]).toBeCloseTo(0, 3);
    expect(metrics.deviance).toBeNull();
    expect(metrics.coverage).toEqual({
      pixels: 16800,
      fraction: 1,
      rectangle: { top: 0, left: 0, height: 120, width: 140 },
    });
  });

  test("of another size and origin is found where it lies", () => {
    for (const origin of [
      [10, 20],
      [12.3, 7.85],
    ] as const) {
      const part = toArray(complexOf([80, 90], (i, j) => specimen(i + origin[0], j + origin[1])));
      const metrics = evaluateReconstruction(part, reference, { origin });
      expect(metrics.complexError).toBeLessThan(tolerances.lanczosSmooth);
      expect(Math.hypot(...metrics.gauge.shift)).toBeLessThan(0.05);
    }
  });

  test("off by a shift is brought back, and is not when registration is off", () => {
    const part = toArray(complexOf([80, 90], (i, j) => specimen(i + 12.4, j + 18.3)));
    const found = evaluateReconstruction(part, reference, { origin: [10, 20] });
    expect(found.gauge.shift[0]).toBeCloseTo(2.4, 1);
    expect(found.gauge.shift[1]).toBeCloseTo(-1.7, 1);
    expect(found.complexError).toBeLessThan(0.01);
    const left = evaluateReconstruction(part, reference, { origin: [10, 20], register: false });
    expect(left.gauge.shift).toEqual([0, 0]);
    expect(left.complexError).toBeGreaterThan(0.2);
  });

  test("that reaches over the reference is compared where both are", () => {
    const wide = toArray(complexOf([140, 150], (i, j) => specimen(i - 10, j - 5)));
    const { coverage, complexError } = evaluateReconstruction(wide, reference, { origin: [-10, -5], register: false });
    expect(coverage.rectangle).toEqual({ top: 10, left: 5, height: 120, width: 140 });
    expect(complexError).toBeLessThan(1e-6);
  });
});

describe("errors", () => {
  test("of the complex object are √(1 − |c|²) with c the complex correlation", () => {
    const other = complexOf(shape, (i, j) => specimen(i + 40.5, j - 33.3));
    let [re, im, aa, bb] = [0, 0, 0, 0];
    for (let k = 0; k < truth.data.length; k += 2) {
      const [ar, ai, br, bi] = [other.data[k], other.data[k + 1], truth.data[k], truth.data[k + 1]];
      re += ar * br + ai * bi;
      im += ar * bi - ai * br;
      aa += ar * ar + ai * ai;
      bb += br * br + bi * bi;
    }
    const metrics = evaluateReconstruction(toArray(other), reference, { register: false, gauge: { ramp: false } });
    expect(metrics.complexError).toBeCloseTo(Math.sqrt(1 - (re * re + im * im) / (aa * bb)), 5);
  });

  test("of phase are angles: a wrap is no error", () => {
    const strong = (extra: number) => complexOf(shape, (i, j) => [1, 4 * Math.sin(i / 9) * Math.cos(j / 11) + extra]);
    const wrapped = complexOf(shape, (i, j) => [
      1,
      4 * Math.sin(i / 9) * Math.cos(j / 11) + (i % 2 === 0 ? 0.1 : -0.1),
    ]);
    const metrics = evaluateReconstruction(toArray(wrapped), toArray(strong(0)), {
      register: false,
      gauge: { ramp: false },
    });
    expect(metrics.phase.mae).toBeCloseTo(0.1, 5);
    // The reference system's variant counts the wraps.
    expect(metrics.compat.phase.mae).toBeGreaterThan(0.1);
  });

  test("of amplitude and PSNR in closed form", () => {
    const flat = complexOf(shape, (i, j) => [1 + 0.2 * ((i + j) % 2), 0]);
    const noisy = complexOf(shape, (i, j) => [1 + 0.2 * ((i + j) % 2) + 0.01 * ((i >> 1) % 2 === 0 ? 1 : -1), 0]);
    const options = { register: false, gauge: { scale: false, ramp: false } };
    const { amplitude } = evaluateReconstruction(toArray(noisy), toArray(flat), options);
    expect(amplitude.mae).toBeCloseTo(0.01, 6);
    expect(amplitude.psnr).toBeCloseTo(20 * Math.log10(0.2 / 0.01), 3);
  });

  test("outside the coverage do not count", () => {
    const damaged = toArray(truth);
    const mask: RealArray = { shape, data: new Float32Array(shape[0] * shape[1]).fill(1) };
    for (let i = 0; i < 30; i++) {
      for (let j = 0; j < 140; j++) {
        mask.data[i * 140 + j] = 0;
        damaged.data[2 * (i * 140 + j)] = 7;
      }
    }
    const metrics = evaluateReconstruction(damaged, reference, { mask });
    expect(metrics.complexError).toBeLessThan(tolerances.perfectReconstruction);
    expect(metrics.coverage.rectangle).toEqual({ top: 30, left: 0, height: 90, width: 140 });
    expect(metrics.coverage.fraction).toBeCloseTo(0.75, 12);
  });

  test("of a flat object show in phase correlation, complex error and FRC", () => {
    const flat = complexOf(shape, () => [1, 0]);
    const metrics = evaluateReconstruction(toArray(flat), reference);
    expect(metrics.phase.correlation).toBeLessThan(0.3);
    expect(metrics.complexError).toBeGreaterThan(0.3);
    expect([metrics.frc.halfBit, metrics.frc.oneBit]).toEqual([null, null]);
    expect(metrics.gauge.shift).toEqual([0, 0]);
  });
});

test("metrics of a pure-phase object are numbers, and the whole goes through JSON", () => {
  const phaseOnly = complexOf(shape, (i, j) => [1, specimen(i, j)[1]]);
  const metrics = evaluateReconstruction(reference, toArray(phaseOnly), { deviance: 1.25 });
  expect(metrics.amplitude.ssim).toBeGreaterThan(0);
  expect(Number.isFinite(metrics.amplitude.psnr)).toBe(true);
  expect(JSON.parse(JSON.stringify(metrics)).deviance).toBe(1.25);
  expect(Object.keys(metrics).sort()).toEqual(
    ["amplitude", "compat", "complexError", "coverage", "deviance", "frc", "gauge", "phase"].sort(),
  );
});

test("takes under three seconds for 512²", () => {
  const object = makeObject({ kind: "deadLeaves" }, [512, 512], new Random(1));
  const start = process.cpuUsage();
  evaluateReconstruction(object, object);
  // Of the processor, since a busy machine makes one wait; five times that, for a slow one.
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(15);
});

test("refuses images that do not fit together", () => {
  const part = toArray(complexOf([80, 90], specimen));
  expect(() => evaluateReconstruction(part, reference)).toThrow(/give the origin/i);
  expect(() => evaluateReconstruction(part, reference, { origin: [500, 0] })).toThrow(/nothing to compare/);
  expect(() => evaluateReconstruction(part, reference, { origin: [110, 0] })).toThrow(/too little is covered/);
  const mask: RealArray = { shape: [4, 4], data: new Float32Array(16) };
  expect(() => evaluateReconstruction(part, reference, { origin: [0, 0], mask })).toThrow(/mask does not fit/);
});
