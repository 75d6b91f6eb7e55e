import { describe, expect, it } from "vitest";
import { type Clipping, clipGradients } from "../../src/graph/clipping.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { Random } from "../../src/random.ts";
import { evaluate, maxDeviation, norm, normals } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";

const random = new Random(3);
const gradients = { a: normals(random, 12), b: normals(random, 5) };
const parameters = { a: normals(random, 12).map((x) => 20 * x), b: new Float32Array(5) };
const total = norm([...gradients.a, ...gradients.b]);

async function clip(clipping: Clipping | undefined): Promise<Record<"a" | "b" | "before" | "after", Float32Array>> {
  const graph = new Graph();
  const shapes = { a: [3, 4], b: [5] };
  const g = [graph.input("ga", shapes.a), graph.input("gb", shapes.b)];
  const p = [graph.input("pa", shapes.a), graph.input("pb", shapes.b)];
  const clipped = clipGradients(g, p, clipping);
  return evaluate(
    { before: clipped.normBefore, after: clipped.normAfter, a: clipped.gradients[0], b: clipped.gradients[1] },
    { ga: gradients.a, gb: gradients.b, pa: parameters.a, pb: parameters.b },
  );
}

describe("clipping", () => {
  it("without clipping only the norm is reported", async () => {
    const { before, after, a } = await clip(undefined);
    expect(a).toEqual(gradients.a);
    expect(before[0] / total).toBeCloseTo(1, 5);
    expect(after[0]).toBe(before[0]);
  });

  it("by norm: one factor for all, min(1, limit / (norm + 1e-6))", async () => {
    const { before, after, a, b } = await clip({ algorithm: "norm", limit: 0.5 });
    const factor = 0.5 / (total + 1e-6);
    expect(
      maxDeviation(
        a,
        gradients.a.map((x) => x * factor),
      ),
    ).toBeLessThan(tolerances.float32Sum * 4);
    expect(
      maxDeviation(
        b,
        gradients.b.map((x) => x * factor),
      ),
    ).toBeLessThan(tolerances.float32Sum * 4);
    expect(before[0] / total).toBeCloseTo(1, 5);
    expect(after[0]).toBeCloseTo(0.5, 5);
  });

  it("by norm: leaves a small gradient as it is", async () => {
    const { a, after } = await clip({ algorithm: "norm", limit: 100 });
    expect(a).toEqual(gradients.a);
    expect(after[0] / total).toBeCloseTo(1, 5);
  });

  it("by value: each element to the limit", async () => {
    const { a, b, after } = await clip({ algorithm: "value", limit: 0.3 });
    const bounded = (x: number): number => Math.fround(Math.max(-0.3, Math.min(0.3, x)));
    expect(a).toEqual(gradients.a.map(bounded));
    expect(after[0] / norm([...a, ...b])).toBeCloseTo(1, 5);
  });

  it("adaptive: each gradient to a share of its own parameter's norm, at least that of 1e-3", async () => {
    const { a, b } = await clip({ algorithm: "agc", limit: 0.01 });
    expect(norm(a) / (0.01 * norm(parameters.a))).toBeCloseTo(1, 5);
    expect(norm(b) / (0.01 * 1e-3)).toBeCloseTo(1, 4);
    const direction = gradients.b.map((x) => (x / norm(gradients.b)) * 1e-5);
    expect(maxDeviation(b, direction)).toBeLessThan(tolerances.float32Sum * 8);
  });
});
