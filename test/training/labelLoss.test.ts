import { describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/gradients.ts";
import { add, mul } from "../../src/graph/ops/elementwise.ts";
import { sum } from "../../src/graph/ops/reduce.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { Random } from "../../src/random.ts";
import { LABEL_INPUTS, labelErrors, labelInputs } from "../../src/training/labelLoss.ts";
import { dot, evaluate, maxDeviation, norm, normals } from "../evaluate.ts";
import { supervisedError } from "../parity/reference/losses.ts";
import { tolerances } from "../tolerances.ts";

const SHAPE = [2, 1, 4, 4];
const SIZE = 32;

/** Both errors of patches `a`, `b` (amplitude and phase, or re and im), the weighted loss, and its gradients. */
function errors(kind: "polar" | "cartesian") {
  const graph = new Graph();
  const [a, b] = ["a", "b"].map((name) => graph.input(name, SHAPE)) as [Tensor, Tensor];
  const label = labelInputs(graph, SHAPE);
  const patches = kind === "polar" ? { kind, amplitude: a, phase: b } : { kind, re: a, im: b };
  const { amplitude, phase } = labelErrors(patches, label);
  const loss = sum(add(mul(amplitude, 2), mul(phase, 4)));
  const [da, db] = gradients(loss, [a, b]) as [Tensor, Tensor];
  return { graph, label, a, b, outputs: { amplitude, phase, loss, da, db } };
}

const feedsOf = (
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  amplitude: number[],
  phase: number[],
  known?: number[],
) => ({
  a: Float32Array.from(a),
  b: Float32Array.from(b),
  [LABEL_INPUTS.amplitude]: Float32Array.from(amplitude),
  [LABEL_INPUTS.phase]: Float32Array.from(phase),
  [LABEL_INPUTS.known]: Float32Array.from(known ?? Array<number>(SIZE).fill(1)),
});
const all = (value: number): number[] => Array<number>(SIZE).fill(value);

const random = new Random(5);
const amplitudes = Array.from({ length: SIZE }, () => 0.5 + random.uniform());
const phases = Array.from({ length: SIZE }, () => 2 * Math.PI * (random.uniform() - 0.5));

describe("error against labels", () => {
  it("of amplitude and phase is the reference's, over the pixels, while phases differ by less than half a turn", async () => {
    const { graph, label, a, b, outputs } = errors("polar");
    const reference = mul(supervisedError({ amplitude: a, phase: b }, label), 1 / 16);
    expect(reference.graph).toBe(graph);
    const near = phases.map((p) => 0.3 * p + random.normal() / 4);
    const feeds = feedsOf(
      normals(random, SIZE),
      near,
      amplitudes,
      phases.map((p) => 0.3 * p),
    );
    const values = await evaluate({ ...outputs, reference }, feeds);
    expect(maxDeviation(values.loss, [values.reference[0] + values.reference[1]])).toBeLessThan(
      tolerances.float32Rounding,
    );
  });

  it("of phases goes around the circle", async () => {
    const { outputs } = errors("polar");
    const around = async (predicted: number, wanted: number) => {
      const values = await evaluate(outputs, feedsOf(all(1), all(predicted), all(1), all(wanted)));
      return { error: values.phase[0], slope: Math.sign(values.db[0]) };
    };
    expect((await around(3, -3)).error).toBeCloseTo(2 * Math.PI - 6, 5);
    // The short way from 3 to −3 is upwards.
    expect((await around(3, -3)).slope).toBe(-1);
    expect((await around(-3, 3)).slope).toBe(1);
    expect((await around(0.2, -0.1)).error).toBeCloseTo(0.3, 6);
    expect((await around(9 * Math.PI, Math.PI)).error).toBeCloseTo(0, 5);
  });

  it("asks for nothing where nothing is known, and for no phase of nothing", async () => {
    for (const kind of ["polar", "cartesian"] as const) {
      const { outputs } = errors(kind);
      const half = Array.from({ length: SIZE }, (_, i) => (i % 16 < 8 ? 1 : 0));
      const values = await evaluate(outputs, feedsOf(all(2), all(1), all(1), all(0), half));
      const whole = await evaluate(outputs, feedsOf(all(2), all(1), all(1), all(0)));
      expect(values.loss[0] / whole.loss[0]).toBeCloseTo(0.5, 6);
      expect(values.da.every((slope, i) => (slope === 0) === (half[i] === 0))).toBe(true);
    }
    const { outputs } = errors("polar");
    const dark = await evaluate(outputs, feedsOf(all(2), all(1), all(0), all(0)));
    expect(dark.amplitude[0]).toBe(2);
    expect(dark.phase[0]).toBe(0);
  });

  it("of real and imaginary parts is along and across the label", async () => {
    const { outputs } = errors("cartesian");
    const [r, p] = [1.3, 2.1]; // Label, and an object of amplitude 1.5 whose phase is 0.1 ahead.
    const at = (f: (x: number) => number): number[] => all(1.5 * f(p + 0.1));
    const values = await evaluate(outputs, feedsOf(at(Math.cos), at(Math.sin), all(r), all(p)));
    expect(values.amplitude[0]).toBeCloseTo(1.5 * Math.cos(0.1) - r, 6);
    expect(values.phase[0]).toBeCloseTo(1.5 * Math.sin(0.1), 6);
    const exact = await evaluate(outputs, feedsOf(all(r * Math.cos(p)), all(r * Math.sin(p)), all(r), all(p)));
    expect(exact.loss[0]).toBeLessThan(tolerances.float32Rounding * SIZE);
  });

  it.each(["polar", "cartesian"] as const)("has the slopes of its central differences: %s", async (kind) => {
    const { outputs } = errors(kind);
    const [a, b] = [normals(random, SIZE), normals(random, SIZE)];
    const { da, db } = await evaluate(outputs, feedsOf(a, b, amplitudes, phases));
    // Away from where signs change within the step: the loss is piecewise linear.
    const slope = Float32Array.from([...da, ...db]);
    const direction = normals(random, 2 * SIZE).map((v) => v / 10);
    const { step } = tolerances.centralDifference;
    const valueAt = async (h: number): Promise<number> => {
      const moved = (x: Float32Array, from: number) => x.map((v, i) => v + h * direction[from + i]);
      return (await evaluate(outputs, feedsOf(moved(a, 0), moved(b, SIZE), amplitudes, phases))).loss[0];
    };
    const difference = ((await valueAt(step)) - (await valueAt(-step))) / (2 * step);
    expect(Math.abs(difference - dot(slope, direction))).toBeLessThan(
      tolerances.centralDifference.relative * norm(slope) * norm(direction),
    );
  });

  it("has finite slopes at zero, opposite to the label and on it", async () => {
    for (const kind of ["polar", "cartesian"] as const) {
      const { outputs } = errors(kind);
      for (const [a, b] of [
        [0, 0],
        [-1, 0],
        [1, Math.PI],
        [1, 0],
      ] as const) {
        const values = await evaluate(outputs, feedsOf(all(a), all(b), all(1), all(0)));
        for (const gradient of [values.da, values.db]) expect(gradient.every(Number.isFinite)).toBe(true);
      }
    }
  });
});
