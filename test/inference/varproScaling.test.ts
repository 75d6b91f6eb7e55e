import { describe, expect, it } from "vitest";
import { type ComplexArray, joinComplex } from "../../src/arrays.ts";
import { computeScales } from "../../src/data/normalisation.ts";
import type { CoveredScan } from "../../src/inference/coveredPatterns.ts";
import { scaleParts } from "../../src/inference/stitch.ts";
import { fitScales } from "../../src/inference/varproScaling.ts";
import { withHermiteModes } from "../../src/optics/probeModes.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { isDetermined } from "../../src/physics/varpro.ts";
import { Random } from "../../src/random.ts";
import { simulateScan } from "../../src/simulation/simulate.ts";
import { tolerances } from "../tolerances.ts";

const [n, side, count] = [16, 48, 40];

/** Of varying amplitude and phase, on whole pixels. */
const object: ComplexArray = (() => {
  const at = (i: number): [number, number] => [Math.floor(i / side), i % side];
  const amplitude = Float32Array.from({ length: side * side }, (_, i) => 1 - 0.3 * Math.sin(at(i)[0] / 3) ** 2);
  const phase = amplitude.map((_, i) => 1.2 * Math.sin(at(i)[0] / 4) * Math.cos(at(i)[1] / 5) + 0.03 * at(i)[1]);
  return joinComplex(
    [side, side],
    phase.map((p, i) => amplitude[i] * Math.cos(p)),
    phase.map((p, i) => amplitude[i] * Math.sin(p)),
  );
})();

const positions = (() => {
  const random = new Random(2);
  return Float64Array.from({ length: 2 * count }, () => 14 + random.integer(21));
})();

/** A scan of the true object, and the wrong one that is to be scaled. */
function scanWith(
  changes: { noise?: Random; beamstop?: number; modes?: readonly number[]; shown?: ComplexArray } = {},
) {
  const { modes = [0.7, 0.3], shown = object, ...more } = changes;
  const probe = withHermiteModes(makeProbe(n, { kind: "gaussian", fwhm: 4 }), modes);
  const frames = Array.from({ length: count }, (_, frame) => frame);
  const dataset = simulateScan({ object, probe, positions, photons: 1e5, ...more });
  // The scale that the object has against the probe is the truth's: λ = |F(O P)|² in units of squared network input.
  const scales = computeScales(simulateScan({ object, probe, positions, photons: 1e5 }), frames);
  const factor = Math.sqrt(1 / scales.countsPerUnit);
  const lit = { shape: dataset.probe.shape, data: dataset.probe.data.map((value) => value * factor) };
  return {
    ...{ dataset, scales, probe: lit, propagator: farField, frames, object: shown },
    coverage: new Float32Array(side * side).fill(1),
    canvas: { height: side, width: side, origin: { y: 0, x: 0 } },
  } satisfies CoveredScan;
}

describe("scales of a stitched object's real and imaginary part", () => {
  it.each([
    [1.7, 0.6],
    [0.5, 0.9],
    [1.2, -0.8],
  ])("are found where the object lacks the factors %d and %d", (s1, s2) => {
    for (const beamstop of [0, 5]) {
      const fit = fitScales(scanWith({ beamstop, shown: scaleParts(object, 1 / s1, 1 / s2) }))!;
      expect(fit.s1).toBeCloseTo(s1, 4);
      expect(fit.s2).toBeCloseTo(s2, 4);
      expect(fit.relativeError.before).toBeGreaterThan(0.1);
      expect(fit.relativeError.after).toBeLessThan(tolerances.simulatedAgain);
      expect(fit.patterns).toBe(count);
      expect(isDetermined(fit.condition)).toBe(true);
    }
  });

  it("have the relative error of too dark an object in closed form: 1 - c², and none after", () => {
    const c = 0.8;
    const fit = fitScales(scanWith({ shown: scaleParts(object, c, c) }))!;
    expect(fit.relativeError.before).toBeCloseTo(1 - c * c, 5);
    expect(fit.s1).toBeCloseTo(1 / c, 5);
    expect(fit.s2).toBeCloseTo(1 / c, 5);
  });

  it("are right within the photon noise", () => {
    const fit = fitScales(scanWith({ noise: new Random(8), shown: scaleParts(object, 2, 0.5) }))!;
    expect(Math.abs(fit.s1 / 0.5 - 1)).toBeLessThan(tolerances.scalesInNoise);
    expect(Math.abs(fit.s2 / 2 - 1)).toBeLessThan(tolerances.scalesInNoise);
    expect(fit.relativeError.after).toBeLessThan(fit.relativeError.before);
  });

  it("are not determined for an object without an imaginary part, and there are none without covered patterns", () => {
    const real = joinComplex([side, side], new Float32Array(side * side).fill(1), new Float32Array(side * side));
    expect(isDetermined(fitScales(scanWith({ shown: real }))!.condition)).toBe(false);
    const nowhere = Float32Array.from({ length: side * side }, (_, i) => (i === 0 ? 1 : 0));
    expect(fitScales({ ...scanWith(), coverage: nowhere })).toBeUndefined();
  });
});
