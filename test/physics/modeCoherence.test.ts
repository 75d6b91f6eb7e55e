import { describe, expect, it } from "vitest";
import { type ComplexArray, joinComplex, splitComplex } from "../../src/arrays.ts";
import { computeScales, energyOf, scaledProbe } from "../../src/data/normalisation.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { predictIntensity } from "../../src/physics/predict.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { simulateScan } from "../../src/simulation/simulate.ts";
import { withModeCoherence } from "../../src/training/modeCoherence.ts";
import { evaluate, maxDeviation } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { complexConstant, complexFeed, complexInput } from "./inputs.ts";

/**
 * Two modes, each light on one pixel alone, `gap` pixels apart along x: Young's experiment. Each gives a flat far field; as
 * intensities they add to a flat one, as waves to fringes of period n / gap.
 */
const [n, gap, power] = [16, 3, 0.36];
const pinholes: ComplexArray = (() => {
  const re = new Float32Array(2 * n * n);
  re[8 * n + 8] = 1;
  re[n * n + 8 * n + 8 + gap] = Math.sqrt(power);
  return joinComplex([2, n, n], re, new Float32Array(re.length));
})();

const fringes = (coherent: boolean): Float32Array =>
  Float32Array.from({ length: n * n }, (_, i) => {
    const angle = (2 * Math.PI * gap * ((i % n) - n / 2)) / n;
    const interference = coherent ? 2 * Math.sqrt(power) * Math.cos(angle) : 0;
    return (1 + power + interference) / (n * n);
  });

const object: ComplexArray = joinComplex([40, 40], new Float32Array(1600).fill(1), new Float32Array(1600));
const photons = 1e4;

describe.each(["incoherent", "coherent"] as const)("%s probe modes", (modeCoherence) => {
  const dataset = simulateScan({ object, probe: pinholes, positions: Float64Array.of(20, 20), photons, modeCoherence });
  const expected = fringes(modeCoherence === "coherent");

  it("are simulated as Young has it", () => {
    const counts = new Float32Array(n * n);
    dataset.patterns.read([0], counts);
    const total = expected.reduce((a, b) => a + b, 0);
    expect(
      maxDeviation(
        counts,
        expected.map((x) => (x * photons) / total),
      ),
    ).toBeLessThan(tolerances.float32Rounding);
    expect(dataset.probe.shape).toEqual([2, n, n]);
  });

  it("are predicted so by training and inference, with the energy of the one normalisation", async () => {
    const seen = withModeCoherence(dataset, { modeCoherence });
    expect(seen.provenance.conversions).toHaveLength(modeCoherence === "coherent" ? 1 : 0);
    const scales = computeScales(seen, [0]);
    const probe = scaledProbe(seen.probe, scales);
    expect(energyOf(probe) / (n / 2) ** 2).toBeCloseTo(1, 5);
    const graph = new Graph();
    const patch = complexInput(graph, "o", [1, 1, n, n]);
    const intensity = predictIntensity(patch, complexConstant(graph, probe.shape, splitComplex(probe)), farField);
    const unit = { re: new Float32Array(n * n).fill(1), im: new Float32Array(n * n) };
    const values = await evaluate({ intensity }, complexFeed("o", unit));
    const counts = values.intensity.map((x) => x * scales.countsPerUnit);
    const total = expected.reduce((a, b) => a + b, 0);
    expect(
      maxDeviation(
        counts,
        expected.map((x) => (x * photons) / total),
      ),
    ).toBeLessThan(tolerances.float32Sum * n);
  });
});

it("one mode is its own sum", () => {
  const probe = { shape: [1, n, n], data: pinholes.data.slice(0, 2 * n * n) };
  const dataset = simulateScan({ object, probe, positions: Float64Array.of(20, 20), photons });
  expect(withModeCoherence(dataset, { modeCoherence: "coherent" })).toBe(dataset);
});
