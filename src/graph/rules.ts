import { PtychonautError } from "../errors.ts";
import { sumTo } from "./broadcast.ts";
import { convInputGradient, convWeightGradient } from "./convGradients.ts";
import {
  add,
  cast,
  cos,
  div,
  equal,
  exp,
  greaterOrEqual,
  heaviside,
  less,
  log,
  mul,
  neg,
  normalCdf,
  pow,
  sign,
  sin,
  square,
  sub,
  where,
} from "./ops/elementwise.ts";
import { averagePool2x2, channelSums, joinParities, maxPoolGradient, splitParities, upsample2x } from "./ops/image.ts";
import { gather, scatterAdd } from "./ops/indexing.ts";
import { expand, pad, reshape, slice, transpose } from "./ops/layout.ts";
import { matmul, transposeMatrix } from "./ops/linear.ts";
import { sum } from "./ops/reduce.ts";
import { integers, type Node, type Tensor } from "./tensor.ts";

/**
 * Gradient rules, one entry an operator: from the gradient of a node's (first) output to the gradients of its inputs,
 * undefined for an input that takes none. A gradient may be left broadcast: the caller sums it to its input's shape.
 * `wanted` tells which inputs' gradients will be used; rules that would do much work for nothing ask it.
 */
export type GradientRule = (
  node: Node,
  gradient: Tensor,
  wanted: (input: Tensor) => boolean,
) => readonly (Tensor | undefined)[];

const outputOf = (node: Node): Tensor => node.outputs[0];
const indicator = (condition: Tensor): Tensor => cast(condition, "float32");

/** exp(−x²/2) / √(2π), with the factor in the exponent: one pass less. */
const normalDensity = (x: Tensor): Tensor => exp(sub(-Math.log(2 * Math.PI) / 2, square(mul(x, Math.SQRT1_2))));

type UnaryDerivative = (g: Tensor, x: Tensor, y: Tensor) => Tensor;
type BinaryGradient = (g: Tensor, a: Tensor, b: Tensor, node: Node) => readonly [Tensor, Tensor];

const unary =
  (rule: UnaryDerivative): GradientRule =>
  (node, g) => [rule(g, node.inputs[0], outputOf(node))];
const binary =
  (rule: BinaryGradient): GradientRule =>
  (node, g) =>
    rule(g, node.inputs[0], node.inputs[1], node);
const flat: GradientRule = (node) => node.inputs.map(() => undefined);

export const rules: Readonly<Record<string, GradientRule>> = {
  Neg: unary((g) => neg(g)),
  Exp: unary((g, _x, y) => mul(g, y)),
  Log: unary((g, x) => div(g, x)),
  Sqrt: unary((g, _x, y) => div(mul(g, 0.5), y)),
  Reciprocal: unary((g, _x, y) => neg(mul(g, square(y)))),
  Abs: unary((g, x) => mul(g, sign(x))),
  Sin: unary((g, x) => mul(g, cos(x))),
  Cos: unary((g, x) => neg(mul(g, sin(x)))),
  Tanh: unary((g, _x, y) => mul(g, sub(1, square(y)))),
  Sigmoid: unary((g, _x, y) => mul(g, mul(y, sub(1, y)))),
  Relu: unary((g, _x, y) => mul(g, heaviside(y))),
  Erf: unary((g, x) => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))),
  NormalCdf: unary((g, x) => mul(g, normalDensity(x))),
  Gelu: unary((g, x) => mul(g, add(mul(x, normalDensity(x)), normalCdf(x)))),
  Heaviside: flat,
  Sign: flat,
  Floor: flat,
  Greater: flat,
  Less: flat,
  GreaterOrEqual: flat,
  Equal: flat,
  Cast: flat,
  /** `stopGradient`. */
  Identity: flat,

  Add: binary((g) => [g, g]),
  // Sums to a smaller operand come first, so that what follows has little to do.
  Sub: binary((g, _a, b) => [g, neg(sumTo(g, b.shape))]),
  Mul: (node, g) => {
    const [a, b] = node.inputs as [Tensor, Tensor];
    return a === b ? [mul(mul(g, 2), a), undefined] : [mul(g, b), mul(g, a)];
  },
  Div: binary((g, _a, b, node) => [div(g, b), neg(div(sumTo(mul(g, outputOf(node)), b.shape), b))]),
  Pow: (node, g, wanted) => {
    const [a, b] = node.inputs as [Tensor, Tensor];
    return [
      wanted(a) ? mul(g, mul(b, pow(a, sub(b, 1)))) : undefined,
      wanted(b) ? mul(g, mul(outputOf(node), log(a))) : undefined,
    ];
  },
  // Where both operands are equal the gradient goes to the first.
  Max: binary((g, a, b) => [mul(g, indicator(greaterOrEqual(a, b))), mul(g, indicator(less(a, b)))]),
  Min: binary((g, a, b) => [mul(g, indicator(greaterOrEqual(b, a))), mul(g, indicator(less(b, a)))]),
  Where: (node, g) => [undefined, where(node.inputs[0], g, 0), where(node.inputs[0], 0, g)],

  ReduceSum: (node, g) => [expand(restoreAxes(node, g), node.inputs[0].shape), undefined],
  ReduceMean: (node, g) => {
    const x = node.inputs[0];
    return [expand(restoreAxes(node, mul(g, outputOf(node).size / x.size)), x.shape), undefined];
  },
  // Equal maxima share the gradient.
  ReduceMax: (node, g) => {
    const x = node.inputs[0];
    const isMax = indicator(equal(x, restoreAxes(node, outputOf(node))));
    const ties = sum(isMax, { axes: integers(node.inputs[1]), keepDims: true });
    return [mul(isMax, div(restoreAxes(node, g), ties)), undefined];
  },

  Reshape: (node, g) => [reshape(g, node.inputs[0].shape), undefined],
  Transpose: (node, g) => {
    const perm = node.attributes["perm"] as readonly number[];
    return [
      transpose(
        g,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
  Expand: (_node, g) => [g, undefined],
  Concat: (node, g) => {
    const axis = node.attributes["axis"] as number;
    let start = 0;
    return node.inputs.map((part) => {
      const end = start + part.shape[axis];
      const own = slice(g, [{ axis, start, end }]);
      start = end;
      return own;
    });
  },
  Slice: (node, g) => {
    const [x, starts, ends, axes, steps] = node.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    if (integers(steps).some((step) => step !== 1)) {
      throw new PtychonautError("usage", "slices with a step have no gradient; reshape and take one part instead");
    }
    const padding = x.shape.map(() => [0, 0] as [number, number]);
    for (const [i, axis] of integers(axes).entries()) {
      padding[axis] = [integers(starts)[i], x.shape[axis] - integers(ends)[i]];
    }
    return [pad(g, padding), undefined, undefined, undefined, undefined];
  },
  Pad: (node, g) => {
    const x = node.inputs[0];
    const before = integers(node.inputs[1]);
    return [
      slice(
        g,
        x.shape.map((extent, axis) => ({ axis, start: before[axis], end: before[axis] + extent })),
      ),
      undefined,
    ];
  },

  MatMul: (node, g, wanted) => {
    const [a, b] = node.inputs as [Tensor, Tensor];
    return [
      wanted(a) ? matmul(g, transposeMatrix(b)) : undefined,
      wanted(b) ? matmul(transposeMatrix(a), g) : undefined,
    ];
  },
  Conv: (node, g, wanted) => {
    const [x, weights, bias] = node.inputs as [Tensor, Tensor, Tensor?];
    return [
      wanted(x) ? convInputGradient(node, g) : undefined,
      wanted(weights) ? convWeightGradient(node, g) : undefined,
      bias !== undefined && wanted(bias) ? channelSums(g) : undefined,
    ];
  },
  MaxPool: (node, g) => [maxPoolGradient(node.inputs[0], outputOf(node), g)],
  AveragePool: (_node, g) => [mul(upsample2x(g), 0.25)],
  Upsample2x: (_node, g) => [mul(averagePool2x2(g), 4)],
  JoinParities: (_node, g) => [splitParities(g)],
  SplitParities: (_node, g) => [joinParities(g)],

  Gather: (node, g) => {
    const [x, indices] = node.inputs as [Tensor, Tensor];
    const axis = node.attributes["axis"] as number;
    const k = indices.rank;
    const moved = Array.from({ length: k }, (_, i) => axis + i);
    const rest = g.shape.map((_, i) => i).filter((i) => !moved.includes(i));
    const shape = [x.shape[axis], ...x.shape.filter((_, i) => i !== axis)];
    const zeros = expand(g.graph.scalar(0), shape);
    const scattered = scatterAdd(zeros, indices, transpose(g, [...moved, ...rest]));
    const back = x.shape.map((_, i) => (i === axis ? 0 : i < axis ? i + 1 : i));
    return [transpose(scattered, back), undefined];
  },
  ScatterND: (node, g) => {
    const tuples = node.inputs[1];
    const indices = tuples.node!.inputs[0];
    return [g, undefined, gather(g, indices)];
  },
};

/** Gives a reduction's result its reduced axes back, with extent 1. */
function restoreAxes(node: Node, reduced: Tensor): Tensor {
  const axes = integers(node.inputs[1]);
  return reshape(
    reduced,
    node.inputs[0].shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)),
  );
}
