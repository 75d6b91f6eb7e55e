import { describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/gradients.ts";
import * as el from "../../src/graph/ops/elementwise.ts";
import {
  averagePool2x2,
  conv2d,
  joinParities,
  maxPool2x2,
  splitParities,
  upsample2x,
} from "../../src/graph/ops/image.ts";
import { gather, scatterAdd } from "../../src/graph/ops/indexing.ts";
import { concat, expand, pad, reshape, slice, transpose } from "../../src/graph/ops/layout.ts";
import { matmul } from "../../src/graph/ops/linear.ts";
import { max, mean, sum } from "../../src/graph/ops/reduce.ts";
import { rules } from "../../src/graph/rules.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { Random } from "../../src/random.ts";
import { dot, evaluate, norm, normals } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";

/**
 * Every gradient rule against central differences: for f(x) = Σ c·op(x) and a random direction v,
 * (f(x + hv) − f(x − hv)) / 2h must equal ⟨∇f, v⟩. Operators that are linear in an operand also against their adjoint.
 */
interface Case {
  /** Operators whose rules the case is for. */
  readonly ops: readonly string[];
  readonly shapes: readonly (readonly number[])[];
  readonly build: (graph: Graph, ...x: Tensor[]) => Tensor;
  /** Maps normal deviates into the operator's domain. */
  readonly domain?: (x: number) => number;
}

const positive = (x: number): number => 0.5 + Math.abs(x);
/** Away from zero, where the derivative jumps. */
const awayFromZero = (x: number): number => x + Math.sign(x) * 0.2;
const unary = (op: string, f: (x: Tensor) => Tensor, domain?: Case["domain"]): Case => ({
  ops: [op],
  shapes: [[3, 4]],
  build: (_g, x) => f(x),
  ...(domain && { domain }),
});
const binary = (op: string, f: (a: Tensor, b: Tensor) => Tensor, domain?: Case["domain"]): Case => ({
  ops: [op],
  shapes: [
    [2, 1, 4],
    [3, 1],
  ],
  build: (_g, a, b) => f(a, b),
  ...(domain && { domain }),
});

const nonlinear: readonly Case[] = [
  unary("Exp", el.exp),
  unary("Log", el.log, positive),
  unary("Sqrt", el.sqrt, positive),
  unary("Reciprocal", el.reciprocal, positive),
  unary("Abs", el.abs, awayFromZero),
  unary("Sin", el.sin),
  unary("Cos", el.cos),
  unary("Tanh", el.tanh),
  unary("Sigmoid", el.sigmoid),
  unary("Relu", el.relu, awayFromZero),
  unary("Erf", el.erf),
  unary("NormalCdf", el.normalCdf),
  unary("Gelu", el.gelu),
  binary("Mul", el.mul),
  binary("Div", el.div, positive),
  binary("Pow", el.pow, positive),
  binary("Max", el.maximum),
  binary("Min", el.minimum),
  {
    ops: ["Where", "Greater"],
    shapes: [[3, 4], [4]],
    build: (_g, a, b) => el.where(el.greater(el.stopGradient(a), 0), el.mul(a, a), el.mul(b, b)),
    domain: awayFromZero,
  },
  { ops: ["ReduceMax"], shapes: [[3, 5]], build: (_g, x) => max(x, { axes: [1] }) },
  {
    ops: ["MatMul"],
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    build: (_g, a, b) => matmul(a, b),
  },
  {
    ops: ["Conv"],
    shapes: [[2, 3, 6, 5], [4, 3, 3, 3], [4]],
    build: (_g, x, w, bias) => conv2d(x, w, { bias: bias }),
  },
  {
    ops: ["Conv"],
    shapes: [
      [2, 2, 9, 8],
      [1, 2, 7, 7],
    ],
    build: (_g, x, w) => conv2d(x, w),
  },
  {
    ops: ["Conv"],
    shapes: [
      [2, 3, 7, 6],
      [2, 3, 3, 1],
    ],
    build: (_g, x, w) => conv2d(x, w, { padding: [0, 0] }),
  },
  { ops: ["MaxPool"], shapes: [[2, 3, 4, 6]], build: (_g, x) => maxPool2x2(x) },
];

const linear: readonly Case[] = [
  unary("Neg", el.neg),
  binary("Add", el.add),
  binary("Sub", el.sub),
  { ops: ["ReduceSum"], shapes: [[2, 3, 4]], build: (_g, x) => sum(x, { axes: [0, 2] }) },
  { ops: ["ReduceSum"], shapes: [[2, 3, 4]], build: (_g, x) => sum(x, { axes: [1], keepDims: true }) },
  { ops: ["ReduceMean"], shapes: [[2, 3, 4]], build: (_g, x) => mean(x, { axes: [1] }) },
  { ops: ["Reshape"], shapes: [[2, 6]], build: (_g, x) => reshape(x, [3, -1]) },
  { ops: ["Transpose"], shapes: [[2, 3, 4]], build: (_g, x) => transpose(x, [2, 0, 1]) },
  { ops: ["Expand"], shapes: [[3, 1]], build: (_g, x) => expand(x, [2, 3, 4]) },
  {
    ops: ["Concat"],
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: (_g, a, b) => concat([a, b], 1),
  },
  { ops: ["Slice"], shapes: [[4, 5]], build: (_g, x) => slice(x, [{ axis: 1, start: 1, end: 4 }]) },
  {
    ops: ["Pad"],
    shapes: [[2, 3, 3]],
    build: (_g, x) =>
      pad(x, [
        [1, 2],
        [0, 1],
      ]),
  },
  { ops: ["Upsample2x"], shapes: [[2, 3, 2, 2]], build: (_g, x) => upsample2x(x) },
  { ops: ["JoinParities"], shapes: [[2, 8, 3, 4]], build: (_g, x) => joinParities(x) },
  { ops: ["SplitParities"], shapes: [[2, 3, 4, 6]], build: (_g, x) => splitParities(x) },
  { ops: ["AveragePool"], shapes: [[2, 3, 4, 2]], build: (_g, x) => averagePool2x2(x) },
  {
    ops: ["Gather"],
    shapes: [[4, 3]],
    build: (g, x) => gather(x, g.constant(BigInt64Array.of(2n, 0n, 2n, 1n), [2, 2]), 0),
  },
  {
    ops: ["Gather"],
    shapes: [[3, 4, 2]],
    build: (g, x) => gather(x, g.constant(BigInt64Array.of(3n, 3n, 0n), [3]), 1),
  },
  {
    ops: ["ScatterND"],
    shapes: [
      [4, 2],
      [3, 2],
    ],
    build: (g, x, u) => scatterAdd(x, g.constant(BigInt64Array.of(2n, 0n, 2n), [3]), u),
  },
];

/** Inputs, f's gradient and the operator's output, in one graph. */
function setUp(test: Case, random: Random) {
  const graph = new Graph();
  const inputs = test.shapes.map((shape, i) => graph.input(`x${i}`, shape));
  const output = test.build(graph, ...inputs);
  const cotangent = graph.input("c", output.shape);
  const loss = sum(el.mul(output, cotangent));
  const feeds: Record<string, Float32Array> = { c: normals(random, output.size) };
  for (const [i, input] of inputs.entries()) {
    feeds[`x${i}`] = normals(random, input.size).map(test.domain ?? ((x) => x));
  }
  const tensors: Record<string, Tensor> = { output };
  for (const [i, gradient] of gradients(loss, inputs).entries()) tensors[`g${i}`] = gradient;
  return { tensors, feeds, names: inputs.map((_, i) => i) };
}

describe("gradient rules against central differences", () => {
  it.each(
    [...nonlinear, ...linear].map(
      (test) => [test.ops.join(" + "), test.shapes.map((s) => `[${s}]`).join(" "), test] as const,
    ),
  )("%s of %s", async (_ops, _shapes, test) => {
    const random = new Random(11);
    const { tensors, feeds, names } = setUp(test, random);
    const directions = Object.fromEntries(names.map((i) => [`x${i}`, normals(random, feeds[`x${i}`].length)]));
    const h = tolerances.centralDifference.step;
    const moved = (sign: number) => ({
      ...feeds,
      ...Object.fromEntries(
        names.map((i) => [`x${i}`, feeds[`x${i}`].map((x, j) => x + sign * h * directions[`x${i}`][j])]),
      ),
    });
    const at = await evaluate(tensors, feeds);
    const [plus, minus] = [
      await evaluate({ output: tensors["output"] }, moved(1)),
      await evaluate({ output: tensors["output"] }, moved(-1)),
    ];
    const difference =
      dot(
        plus.output.map((value, i) => value - minus.output[i]),
        feeds["c"],
      ) /
      (2 * h);
    let predicted = 0;
    let scale = 0;
    for (const i of names) {
      predicted += dot(at[`g${i}`], directions[`x${i}`]);
      scale += norm(at[`g${i}`]) * norm(directions[`x${i}`]);
    }
    expect(Math.abs(difference - predicted) / scale).toBeLessThan(tolerances.centralDifference.relative);
  });
});

describe("linear operators against their adjoints: ⟨A x, c⟩ = ⟨x, Aᵀ c⟩", () => {
  it.each(linear.map((test) => [test.ops.join(" + "), test.shapes.map((s) => `[${s}]`).join(" "), test] as const))(
    "%s of %s",
    async (_ops, _shapes, test) => {
      const { tensors, feeds, names } = setUp(test, new Random(5));
      const values = await evaluate(tensors, feeds);
      const forward = dot(values["output"], feeds["c"]);
      const backward = names.reduce((total, i) => total + dot(values[`g${i}`], feeds[`x${i}`]), 0);
      expect(Math.abs(forward - backward)).toBeLessThan(
        tolerances.float32Sum * norm(values["output"]) * norm(feeds["c"]) * Math.sqrt(values["output"].length),
      );
    },
  );
});

describe("the table of rules", () => {
  it("has a test for every operator with a derivative", () => {
    const flat = ["Heaviside", "Sign", "Floor", "Greater", "Less", "GreaterOrEqual", "Equal", "Cast", "Identity"];
    const tested = new Set([...nonlinear, ...linear].flatMap((test) => test.ops));
    expect(Object.keys(rules).filter((op) => !tested.has(op) && !flat.includes(op))).toEqual([]);
  });

  it("refuses a loss that does not depend on a parameter", () => {
    const graph = new Graph();
    const [x, unused] = [graph.input("x", [2]), graph.input("unused", [2])];
    expect(() => gradients(sum(x), [unused])).toThrow(/does not depend on unused/);
  });

  it("adds up the contributions of several uses, and shares equal nodes", async () => {
    const graph = new Graph();
    const x = graph.input("x", [3]);
    const [gradient] = gradients(sum(el.add(el.mul(x, x), el.mul(x, 3))), [x]);
    const { g } = await evaluate({ g: gradient }, { x: Float32Array.of(1, -2, 0.5) });
    expect([...g]).toEqual([5, -1, 4]);
    expect(el.mul(x, x)).toBe(el.mul(x, x));
  });

  it("shares the gradient of a maximum among ties, so that it is a subgradient", async () => {
    const graph = new Graph();
    const x = graph.input("x", [4]);
    const { g } = await evaluate({ g: gradients(max(x), [x])[0] }, { x: Float32Array.of(2, 1, 2, 0) });
    expect([...g]).toEqual([0.5, 0, 0.5, 0]);
  });

  it("shares it among the equal maxima of a pooled block", async () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 1, 2, 6]);
    const { g } = await evaluate(
      { g: gradients(sum(maxPool2x2(x)), [x])[0] },
      { x: Float32Array.of(3, 3, 1, 2, 0, 7, 3, 3, 2, 0, 1, 2) },
    );
    expect([...g]).toEqual([0.25, 0.25, 0, 0.5, 0, 1, 0.25, 0.25, 0.5, 0, 0, 0]);
  });
});
