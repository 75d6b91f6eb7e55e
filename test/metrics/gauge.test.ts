import * as fc from "fast-check";
import { expect, test } from "vitest";
import { relativeError } from "../../src/metrics/differences.ts";
import { applyGauge, findGauge } from "../../src/metrics/gauge.ts";
import { tolerances } from "../tolerances.ts";
import { complexOf, specimen } from "./images.ts";

const shape = [60, 71] as const;
const truth = complexOf(shape, specimen);

test("finds the scale, phase and ramp that were put in, however steep the ramp", () => {
  const gauges = fc.record({
    scale: fc.double({ min: 0.1, max: 10, noNaN: true }),
    phase: fc.double({ min: -3.1, max: 3.1, noNaN: true }),
    ramp: fc.tuple(fc.double({ min: -2, max: 2, noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true })),
    conjugated: fc.constant(false),
  });
  fc.assert(
    fc.property(gauges, (gauge) => {
      // Of O with the gauge undone, the gauge must be found.
      const distorted = applyGauge(truth, {
        scale: 1 / gauge.scale,
        phase: -gauge.phase,
        ramp: [-gauge.ramp[0], -gauge.ramp[1]],
        conjugated: false,
      });
      const found = findGauge(distorted, truth);
      expect(found.scale).toBeCloseTo(gauge.scale, 7);
      expect(found.ramp[0]).toBeCloseTo(gauge.ramp[0], 7);
      expect(found.ramp[1]).toBeCloseTo(gauge.ramp[1], 7);
      expect(relativeError(applyGauge(distorted, found).data, truth.data)).toBeLessThan(tolerances.gaugeResidual);
    }),
    { seed: 11, numRuns: 25 },
  );
});

test("takes the conjugate where that fits, and only when asked", () => {
  const twin = applyGauge(truth, { scale: 1, phase: 0.4, ramp: [0, 0.05], conjugated: true });
  const found = findGauge(twin, truth, { conjugate: true });
  expect(found.conjugated).toBe(true);
  expect(relativeError(applyGauge(twin, found).data, truth.data)).toBeLessThan(tolerances.gaugeResidual);
  expect(findGauge(twin, truth).conjugated).toBe(false);
  expect(findGauge(truth, truth, { conjugate: true }).conjugated).toBe(false);
});

test("leaves out what is switched off", () => {
  const gauge = findGauge(applyGauge(truth, { scale: 2, phase: 1, ramp: [0.01, 0], conjugated: false }), truth, {
    scale: false,
    ramp: false,
  });
  expect(gauge.scale).toBe(1);
  expect(gauge.ramp).toEqual([0, 0]);
  expect(gauge.phase).not.toBe(0);
});

test("is the least-squares optimum: no other scale or phase comes closer", () => {
  const other = complexOf(shape, (i, j) => specimen(i + 1.5, j - 0.7));
  const gauge = findGauge(other, truth, { ramp: false });
  const best = relativeError(applyGauge(other, gauge).data, truth.data);
  for (const [scale, phase] of [
    [1.01, 0],
    [0.99, 0],
    [1, 0.01],
    [1, -0.01],
  ] as const) {
    const near = { ...gauge, scale: gauge.scale * scale, phase: gauge.phase + phase };
    expect(relativeError(applyGauge(other, near).data, truth.data)).toBeGreaterThan(best);
  }
});

test("looks at covered pixels only", () => {
  const mask = new Uint8Array(shape[0] * shape[1]).fill(1);
  const damaged = { shape, data: truth.data.slice() };
  for (let k = 0; k < 900; k++) {
    mask[k] = 0;
    damaged.data[2 * k] = 50 * Math.sin(k);
  }
  const gauge = findGauge(damaged, truth, {}, mask);
  expect(gauge.scale).toBeCloseTo(1, 9);
  expect(gauge.ramp[0]).toBeCloseTo(0, 9);
});
