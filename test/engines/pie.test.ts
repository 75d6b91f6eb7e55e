import { describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { Random } from "../../src/random.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { tolerances } from "../tolerances.ts";
import type { EngineState } from "./plain/engine.ts";
import { pie } from "./plain/pie.ts";
import type { PtychographyProblem } from "./plain/problem.ts";

const { engines: bounds } = tolerances;

const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

/** A noiseless scan at whole pixels, with its truth. */
function scan(modes = 1): { problem: PtychographyProblem; object: ComplexArray } {
  const n = 32;
  const simulated = simulate({
    ...{
      n,
      patterns: 169,
      step: 3,
      seed: 3,
      object: "deadLeaves",
      scan: "raster",
      jitter: 0,
      noise: false,
      photons: 1e5,
    },
    ...{ smoothing: 1, modes, objectSize: [72, 72] },
  });
  const { patterns, positions, probe, object } = simulated;
  const amplitudes = new Float32Array(patterns.count * n * n);
  patterns.read(range(patterns.count), amplitudes);
  return {
    problem: { amplitudes: amplitudes.map(Math.sqrt), positions, probe },
    object: object as ComplexArray,
  };
}

const objectOf = ({ grid, object }: EngineState): ComplexArray => ({
  shape: [grid.height, grid.width],
  data: Float32Array.from(object),
});

/** |⟨a, b⟩|² / (⟨a, a⟩⟨b, b⟩) over a canvas's middle: 1 where a and b differ by a factor. */
function agreement(
  found: ComplexArray,
  origin: readonly [number, number],
  truth: ComplexArray,
  border: number,
): number {
  let [re, im, a2, b2] = [0, 0, 0, 0];
  for (let y = border; y < found.shape[0] - border; y++)
    for (let x = border; x < found.shape[1] - border; x++) {
      const a = 2 * (y * found.shape[1] + x);
      const b = 2 * ((y + origin[0]) * truth.shape[1] + x + origin[1]);
      const [ar, ai, br, bi] = [found.data[a], found.data[a + 1], truth.data[b], truth.data[b + 1]];
      re += ar * br + ai * bi;
      im += ar * bi - ai * br;
      a2 += ar * ar + ai * ai;
      b2 += br * br + bi * bi;
    }
  return (re * re + im * im) / (a2 * b2);
}

describe("PIE", () => {
  for (const [name, regularisation, modes] of [
    ["ePIE", 1, 1],
    ["rPIE", 0.3, 1],
    ["ePIE with two modes", 1, 2],
  ] as const) {
    it(`${name} finds a simulated object, and its misfit falls`, () => {
      const { problem, object } = scan(modes);
      const run = pie.init(problem, { regularisation, probeStep: 0 });
      const [frames, random] = [range(169), new Random(1)];
      const before = run.misfit(frames);
      const errors = range(30).map(() => run.step(frames, random).error);
      expect(Math.sqrt(errors[29])).toBeLessThan(bounds.pieResidual);
      expect(errors[29]).toBeLessThan(errors[5]);
      expect(Math.max(...run.misfit(frames))).toBeLessThan(bounds.pieMisfitLeft * Math.min(...before));
      const found = agreement(objectOf(run.state), run.state.grid.origin, object, 14);
      expect(1 - found).toBeLessThan(bounds.pieObject);
    });
  }

  it("betters a wrong probe", () => {
    const { problem, object } = scan();
    const probe = { ...problem.probe, data: problem.probe.data.map((value, k) => value * (1 + 0.3 * Math.sin(k / 9))) };
    const frames = range(169);
    const [kept, bettered] = [0, 1].map((probeStep) => {
      const run = pie.init({ ...problem, probe }, { probeStep });
      const random = new Random(1);
      for (let epoch = 0; epoch < 30; epoch++) run.step(frames, random);
      return { run, error: run.step(frames, random).error };
    });
    expect(bettered.error).toBeLessThan(bounds.pieProbeGain * kept.error);
    const { state } = bettered.run;
    const found = agreement(objectOf(state), state.grid.origin, object, 14);
    expect(1 - found).toBeLessThan(bounds.pieObjectOfWrongProbe);
  });

  it("one update of one frame is the formula", () => {
    // 2 × 2 pixels, where the centred unitary transform is ½ Σ x (−1)^(u i + v j) with u, i … in {−1, 0}: by hand.
    const probe: ComplexArray = { shape: [1, 2, 2], data: Float32Array.from([1, 0, 0, 1, 0.5, 0.5, 0, 0]) };
    const amplitudes = Float32Array.from([0.25, 0.5, 0.75, 1]);
    const run = pie.init(
      { amplitudes, positions: Float64Array.from([1, 1]), probe, mask: Float32Array.from([1, 1, 0, 1]) },
      { objectStep: 0.7, probeStep: 0.4, regularisation: 0.6 },
    );
    const p = [...run.state.probe];
    // The object is 1, so ψ = P.
    const sign = (u: number, i: number): number =>
      ((1 - (u >> 1)) * (1 - (i >> 1)) + (1 - (u & 1)) * (1 - (i & 1))) % 2 === 0 ? 1 : -1;
    const transform = (x: number[]): number[] =>
      range(4).flatMap((u) =>
        [0, 1].map((part) => 0.5 * range(4).reduce((sum, i) => sum + sign(u, i) * x[2 * i + part], 0)),
      );
    const wave = transform(p);
    const projected = range(4).flatMap((u) => {
      const ratio = u === 2 ? 1 : amplitudes[u] / Math.hypot(wave[2 * u], wave[2 * u + 1]);
      return [ratio * wave[2 * u], ratio * wave[2 * u + 1]];
    });
    const chi = transform(projected).map((value, k) => value - p[k]);
    const light = range(4).map((i) => p[2 * i] ** 2 + p[2 * i + 1] ** 2);
    const expected = range(4).flatMap((i) => {
      const scale = 0.7 / (0.4 * light[i] + 0.6 * Math.max(...light));
      const [c, s, a, b] = [p[2 * i], p[2 * i + 1], chi[2 * i], chi[2 * i + 1]];
      return [1 + scale * (c * a + s * b), scale * (c * b - s * a)];
    });
    run.step([0], new Random(0));
    for (const [k, value] of expected.entries())
      expect(Math.abs(run.state.object[k] - value)).toBeLessThan(bounds.pieUpdate);
    // |O|² is 1 everywhere.
    for (const [k, value] of p.entries())
      expect(Math.abs(run.state.probe[k] - value - 0.4 * chi[k])).toBeLessThan(bounds.pieUpdate);
  });

  it("says what does not fit, and where there is no light", () => {
    const { problem } = scan();
    expect(() => pie.init({ ...problem, positions: problem.positions.slice(2) }, {})).toThrow("do not fit each other");
    expect(() => pie.init({ ...problem, amplitudes: problem.amplitudes.map(() => 0) }, {})).toThrow("no light");
  });
});
