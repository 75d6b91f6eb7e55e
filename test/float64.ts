import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { lower } from "../src/graph/lowering/lower.ts";
import { buildModel } from "../src/graph/onnx/model.ts";
import { expand, pad, reshape, slice, transpose } from "../src/graph/ops/layout.ts";
import { reachable } from "../src/graph/reachable.ts";
import { type Attribute, Graph, type Node, onnxType, type Tensor } from "../src/graph/tensor.ts";

/**
 * Our graphs in double precision: the portable form of a graph, in which every operator has a float64 kernel in ONNX
 * Runtime's CPU provider or is written with those that have one. The same symbols, gradient rules and updates are evaluated
 * with nine digits more, which tells a wrong formula from a rounded number.
 */
export type Feeds = Readonly<Record<string, ArrayLike<number> | BigInt64Array>>;

export interface Program64 {
  /** Values by output name. Inputs that the outputs do not need are ignored. */
  run(feeds: Feeds): Promise<Record<string, Float64Array>>;
  dispose(): Promise<void>;
}

/** Compiles tensors of a float32 graph for evaluation in float64. */
export async function program64(outputs: Readonly<Record<string, Tensor>>): Promise<Program64> {
  const lowered = inFloat64(outputs);
  const { inputs } = Object.values(lowered)[0].graph;
  const session = await InferenceSession.create(buildModel({ outputs: lowered }), {
    executionProviders: ["cpu"],
    executionMode: "sequential",
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    graphOptimizationLevel: "disabled",
  });
  return {
    async run(feeds) {
      const tensors = session.inputNames.map((name) => {
        const { shape } = inputs.get(name)!;
        const values = feeds[name];
        if (values instanceof BigInt64Array) return [name, new OrtTensor("int64", values, shape)] as const;
        return [name, new OrtTensor("float64", Float64Array.from(values), shape)] as const;
      });
      const results = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float64Array]));
    },
    dispose: () => session.release(),
  };
}

function inFloat64(outputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const standard = lower(outputs, "portable");
  const { nodes, leaves } = reachable(Object.values(standard));
  const graph = new Graph();
  const known = new Map<Tensor, Tensor>();
  for (const leaf of leaves) {
    const { constant, shape, dtype } = leaf;
    const wide = constant instanceof Float32Array ? Float64Array.from(constant) : constant;
    const type = dtype === "float32" ? "float64" : dtype;
    known.set(leaf, wide === undefined ? graph.input(leaf.inputName!, shape, type) : graph.constant(wide, shape));
  }
  for (const node of nodes) {
    const inputs = node.inputs.map((tensor) => known.get(tensor)!);
    known.set(node.outputs[0], (forms[node.op] ?? sameOperator)(node, inputs));
  }
  return Object.fromEntries(Object.entries(standard).map(([name, tensor]) => [name, known.get(tensor)!]));
}

type Form = (node: Node, inputs: readonly Tensor[]) => Tensor;

const sameOperator: Form = ({ op, attributes, outputs }, inputs) => {
  const { shape, dtype } = outputs[0];
  return inputs[0].graph.emit(op, inputs, attributes, [{ shape, dtype: dtype === "float32" ? "float64" : dtype }])[0];
};

/** Operators that the provider has in float32 only. */
const forms: Readonly<Record<string, Form>> = {
  /** From booleans: the only casts that gradient rules make. */
  Cast: (_node, [x]) => emit("Cast", [x!], { to: onnxType.float64 }, x!.shape),
  Cos: (_node, [x]) => emit("Sin", [emit("Add", [x!, scalar(x!, Math.PI / 2)], {}, x!.shape)], {}, x!.shape),
  /** The portable form of `Upsample2x`. */
  Resize: (node, [x]) => {
    const [batch, channels, height, width] = x!.shape as [number, number, number, number];
    const apart = reshape(x!, [batch, channels, height, 1, width, 1]);
    return reshape(expand(apart, [batch, channels, height, 2, width, 2]), node.outputs[0].shape);
  },
  AveragePool: (node, [x]) => pooled("ReduceMean", node, x!),
  MaxPool: (node, [x]) => pooled("ReduceMax", node, x!),
  Conv: (node, [x, weights, bias]) => {
    const [batch, out, height, width] = node.outputs[0].shape as [number, number, number, number];
    const channels = x!.shape[1];
    const taps = reshape(transpose(weights!, [2, 3, 1, 0]), [-1, channels, out]);
    const products = shiftedRows(node, x!, [height, width]).map((rows, tap) =>
      product(rows, reshape(slice(taps, [{ axis: 0, start: tap, end: tap + 1 }]), [channels, out])),
    );
    const total = products.reduce(plus);
    const rows = bias === undefined ? total : plus(total, bias);
    return transpose(reshape(rows, [batch, height, width, out]), [0, 3, 1, 2]);
  },
};

/** For each tap of a kernel, the pixels that it sees as rows `[batch · y · x, channel]`. */
function shiftedRows({ attributes }: Node, x: Tensor, [height, width]: readonly [number, number]): Tensor[] {
  const [ky, kx] = attributes["kernel_shape"] as readonly [number, number];
  const [py, px] = attributes["pads"] as readonly [number, number];
  const padded = pad(transpose(x, [0, 2, 3, 1]), [
    [py, py],
    [px, px],
    [0, 0],
  ]);
  return Array.from({ length: ky * kx }, (_, tap) => {
    const [dy, dx] = [Math.floor(tap / kx), tap % kx];
    const seen = slice(padded, [
      { axis: 1, start: dy, end: dy + height },
      { axis: 2, start: dx, end: dx + width },
    ]);
    return reshape(seen, [-1, x.shape[1]]);
  });
}

function pooled(op: string, node: Node, x: Tensor): Tensor {
  const [batch, channels, height, width] = node.outputs[0].shape as [number, number, number, number];
  const blocks = reshape(x, [batch, channels, height, 2, width, 2]);
  return emit(op, [blocks, x.graph.int64([3, 5])], { keepdims: 0 }, [batch, channels, height, width]);
}

function emit(
  op: string,
  inputs: readonly Tensor[],
  attributes: Readonly<Record<string, Attribute>>,
  shape: readonly number[],
): Tensor {
  return inputs[0].graph.emit(op, inputs, attributes, [{ shape, dtype: "float64" }])[0];
}

const product = (a: Tensor, b: Tensor): Tensor => emit("MatMul", [a, b], {}, [a.shape[0], b.shape[1]]);
const plus = (a: Tensor, b: Tensor): Tensor => emit("Add", [a, b], {}, a.shape);
const scalar = (x: Tensor, value: number): Tensor => x.graph.constant(Float64Array.of(value), []);
