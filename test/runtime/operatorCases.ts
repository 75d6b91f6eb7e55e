import { gradients } from "../../src/graph/gradients.ts";
import { buildModel } from "../../src/graph/onnx/model.ts";
import * as el from "../../src/graph/ops/elementwise.ts";
import * as image from "../../src/graph/ops/image.ts";
import { gather, scatterAdd } from "../../src/graph/ops/indexing.ts";
import * as layout from "../../src/graph/ops/layout.ts";
import { matmul } from "../../src/graph/ops/linear.ts";
import * as reduce from "../../src/graph/ops/reduce.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { Random } from "../../src/random.ts";
import type { HostTensor, Runtime, SessionOptions } from "../../src/runtime/runtime.ts";

/** Every operator and its gradient as a small graph, to be run on different providers. Knows neither Node nor pages. */
export interface OperatorCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly build: (graph: Graph, ...x: Tensor[]) => Tensor;
  /** Maps normal deviates into the operator's domain. */
  readonly domain?: (x: number) => number;
}

const positive = (x: number): number => 0.5 + Math.abs(x);
const awayFromZero = (x: number): number => x + Math.sign(x) * 0.2;

const unary = (name: string, f: (x: Tensor) => Tensor, domain?: OperatorCase["domain"]): OperatorCase => ({
  name,
  shapes: [[3, 5]],
  build: (_graph, x) => f(x),
  ...(domain && { domain }),
});
const binary = (name: string, f: (a: Tensor, b: Tensor) => Tensor, domain?: OperatorCase["domain"]): OperatorCase => ({
  name,
  shapes: [
    [2, 1, 4],
    [3, 1],
  ],
  build: (_graph, a, b) => f(a, b),
  ...(domain && { domain }),
});
/** A comparison chooses between its operands, so that its result is seen and gradients flow. */
const comparison = (name: string, f: (a: Tensor, b: Tensor) => Tensor): OperatorCase =>
  binary(name, (a, b) => el.where(f(a, b), el.mul(a, 2), b));
const onImage = (name: string, f: (x: Tensor) => Tensor): OperatorCase => ({
  name,
  shapes: [[2, 3, 6, 8]],
  build: (_graph, x) => f(x),
});

const above = (x: Tensor, limit: number): Tensor => el.greater(x, limit);

export const operatorCases: readonly OperatorCase[] = [
  unary("Neg", el.neg),
  unary("Exp", el.exp),
  unary("Log", el.log, positive),
  unary("Sqrt", el.sqrt, positive),
  unary("Reciprocal", el.reciprocal, positive),
  unary("Abs", el.abs, awayFromZero),
  unary("Sign", (x) => el.mul(el.sign(x), x), awayFromZero),
  unary("Floor", (x) => el.add(el.floor(x), x)),
  unary("Sin", el.sin),
  unary("Cos", el.cos),
  unary("Tanh", el.tanh),
  unary("Sigmoid", el.sigmoid),
  unary("Relu", el.relu, awayFromZero),
  unary("Erf", el.erf),
  unary("NormalCdf", el.normalCdf),
  unary("Gelu", el.gelu),
  unary("Identity", (x) => el.mul(el.stopGradient(x), x)),
  unary("Cast", (x) => el.mul(el.cast(above(x, 0), "float32"), x)),
  binary("Add", el.add),
  binary("Sub", el.sub),
  binary("Mul", el.mul),
  binary("Div", el.div, positive),
  binary("Pow", el.pow, positive),
  binary("Max", el.maximum),
  binary("Min", el.minimum),
  comparison("Greater", el.greater),
  comparison("Less", el.less),
  comparison("GreaterOrEqual", el.greaterOrEqual),
  comparison("Equal", el.equal),
  { name: "Where", shapes: [[3, 4], [4]], build: (_g, a, b) => el.where(above(a, 0), a, b) },
  unary("ReduceSum", (x) => reduce.sum(x, { axes: [1] })),
  unary("ReduceMean", (x) => reduce.mean(x, { axes: [0], keepDims: true })),
  unary("ReduceMax", (x) => reduce.max(x, { axes: [1] })),
  unary("Reshape", (x) => layout.reshape(x, [5, 3])),
  unary("Expand", (x) => layout.expand(x, [2, 3, 5])),
  unary("Slice", (x) => layout.slice(x, [{ axis: 1, start: 1, end: 4 }])),
  unary("Pad", (x) =>
    layout.pad(x, [
      [1, 2],
      [0, 1],
    ]),
  ),
  { name: "Transpose", shapes: [[2, 3, 4]], build: (_g, x) => layout.transpose(x, [2, 0, 1]) },
  {
    name: "Concat",
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: (_g, a, b) => layout.concat([a, b], 1),
  },
  {
    name: "MatMul",
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    build: (_g, a, b) => matmul(a, b),
  },
  {
    name: "Conv",
    shapes: [[2, 3, 6, 8], [4, 3, 3, 3], [4]],
    build: (_g, x, w, bias) => image.conv2d(x, w, { bias: bias }),
  },
  onImage("MaxPool", image.maxPool2x2),
  onImage("AveragePool", image.averagePool2x2),
  onImage("Upsample2x", image.upsample2x),
  { name: "JoinParities", shapes: [[2, 8, 3, 4]], build: (_g, x) => image.joinParities(x) },
  onImage("SplitParities", image.splitParities),
  {
    name: "Gather",
    shapes: [[3, 4, 2]],
    build: (g, x) => gather(x, g.constant(BigInt64Array.of(3n, 3n, 0n), [3]), 1),
  },
  {
    name: "ScatterND",
    shapes: [
      [4, 2],
      [3, 2],
    ],
    build: (g, x, u) => scatterAdd(x, g.constant(BigInt64Array.of(2n, 0n, 2n), [3]), u),
  },
];

/** The operator's value and the gradients of its sum of squares with respect to each input. */
export function buildCase({ shapes, build, domain }: OperatorCase): {
  readonly model: Uint8Array;
  readonly feeds: Record<string, HostTensor>;
} {
  const random = new Random(17);
  const graph = new Graph();
  const inputs = shapes.map((shape, i) => graph.input(`x${i}`, shape));
  const output = build(graph, ...inputs);
  const outputs: Record<string, Tensor> = { output };
  const loss = reduce.sum(el.square(output));
  for (const [i, gradient] of gradients(loss, inputs).entries()) outputs[`gradient${i}`] = gradient;
  const feeds = inputs.map((input): [string, HostTensor] => {
    const data = Float32Array.from({ length: input.size }, () => random.normal()).map(domain ?? ((x) => x));
    return [input.inputName!, { data, shape: input.shape }];
  });
  return { model: buildModel({ outputs }), feeds: Object.fromEntries(feeds) };
}

/** All outputs of a case in one row. */
export async function runCase(
  operatorCase: OperatorCase,
  runtime: Runtime,
  options?: SessionOptions,
): Promise<number[]> {
  const { model, feeds } = buildCase(operatorCase);
  const session = await runtime.load(model, options);
  const results = await session.run(feeds);
  const values = session.outputNames.flatMap((name) => Array.from(results[name].data, Number));
  await session.dispose();
  return values;
}
