import { add } from "../ops/elementwise.ts";
import { concat, pad, reshape, slice, transpose } from "../ops/layout.ts";
import { matmul } from "../ops/linear.ts";
import { sum } from "../ops/reduce.ts";
import type { Attribute, Graph, Node, Tensor } from "../tensor.ts";

/**
 * Lowering for ONNX Runtime's CPU provider. Its fast convolution kernels work on images whose channels are interleaved in
 * blocks, `[batch, channel / block, y, x, block]`; its own optimiser uses them only where weights are constants, which
 * those of a training step are not. So this pass does it: convolutions, pooling, upsampling and elementwise operators
 * between them stay blocked, and a tensor is reordered (at memory speed) where something else needs it.
 *
 * Gradients of weights become one three-dimensional convolution each, which makes ONNX Runtime gather and multiply
 * cache-sized tiles instead of writing nine shifted copies to memory. Measurements: ARCHITECTURE.md, "Speed".
 */
export interface BlockedTarget {
  /** Emits a node in blocked form if that suits it. */
  emit(node: Node): boolean;
  /** The ordinary form of a tensor of the original graph. */
  plain(tensor: Tensor): Tensor;
}

const DOMAIN = "com.microsoft.nchwc::";
/** With so few channels on one side, direct convolution wastes most of a block. */
const FEW_CHANNELS = 4;
const ELEMENTWISE = new Set([
  ...[
    "Neg",
    "Exp",
    "Log",
    "Sqrt",
    "Reciprocal",
    "Abs",
    "Sign",
    "Floor",
    "Sin",
    "Cos",
    "Tanh",
    "Sigmoid",
    "Relu",
    "Erf",
  ],
  ...["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Greater", "Less", "GreaterOrEqual", "Equal"],
  ...["Not", "And", "Or", "Cast", "Where", "Identity", "Heaviside"],
]);

export function blockedTarget(
  graph: Graph,
  plainOf: Map<Tensor, Tensor>,
  nodes: readonly Node[],
  outputs: readonly Tensor[],
  block: number,
): BlockedTarget {
  const blockedOf = new Map<Tensor, Tensor>();
  const channelsLastOf = new Map<Tensor, Tensor>();
  const fusedRelu = findFusableRelus(nodes, outputs);
  const emitOne = (
    op: string,
    inputs: readonly Tensor[],
    attributes: Record<string, Attribute>,
    shape: readonly number[],
  ): Tensor => graph.emit(op, inputs, attributes, [{ shape, dtype: "float32" }])[0]!;

  const fitsBlocks = (tensor: Tensor): boolean => tensor.rank === 4 && tensor.shape[1]! % block === 0;

  const plain = (tensor: Tensor): Tensor => {
    const known = plainOf.get(tensor);
    if (known !== undefined) return known;
    const attributes = { channels: tensor.shape[1]! };
    const made = emitOne(`${DOMAIN}ReorderOutput`, [blockedOf.get(tensor)!], attributes, tensor.shape);
    plainOf.set(tensor, made);
    return made;
  };

  const blocked = (tensor: Tensor): Tensor => {
    const known = blockedOf.get(tensor);
    if (known !== undefined) return known;
    const made = emitOne(`${DOMAIN}ReorderInput`, [plainOf.get(tensor)!], {}, tensor.shape);
    blockedOf.set(tensor, made);
    return made;
  };

  /** `[batch, y, x, channel]`. */
  const channelsLast = (tensor: Tensor): Tensor => {
    const known = channelsLastOf.get(tensor);
    if (known !== undefined) return known;
    const [batch, channels, height, width] = tensor.shape as [number, number, number, number];
    const source = blockedOf.get(tensor);
    const made =
      source === undefined
        ? transpose(plain(tensor), [0, 2, 3, 1])
        : emitOne(`${DOMAIN}ReorderOutput`, [source], { channels, channels_last: 1 }, [batch, height, width, channels]);
    channelsLastOf.set(tensor, made);
    return made;
  };

  const convolution = (node: Node, relu: Node | undefined): boolean => {
    const [x, weights, bias] = node.inputs as [Tensor, Tensor, Tensor?];
    const [out, channels] = weights.shape as [number, number];
    const fewOutputs = out <= FEW_CHANNELS && channels % block === 0;
    if (fewOutputs) {
      if (relu !== undefined) return false;
      plainOf.set(node.outputs[0]!, convolutionToFewChannels(node));
      return true;
    }
    if (out % block !== 0 || (channels >= block && channels % block !== 0)) return false;
    const input = channels < block ? plain(x) : blocked(x);
    const packed = packWeights(plain(weights), channels < block ? 1 : block, block);
    const attributes = { ...node.attributes, ...(relu === undefined ? {} : { activation: "Relu" }) };
    const inputs = bias === undefined ? [input, packed] : [input, packed, plain(bias)];
    const result = (relu ?? node).outputs[0]!;
    blockedOf.set(result, emitOne(`${DOMAIN}Conv`, inputs, attributes, result.shape));
    return true;
  };

  /** A kernel to few channels is a 1×1 convolution to all its taps, whose planes are then shifted and added. */
  const convolutionToFewChannels = (node: Node): Tensor => {
    const [x, weights, bias] = node.inputs as [Tensor, Tensor, Tensor?];
    const [out, channels, ky, kx] = weights.shape as [number, number, number, number];
    const [py, px] = node.attributes["pads"] as readonly [number, number];
    const [batch, , height, width] = x.shape as [number, number, number, number];
    const [, , outHeight, outWidth] = node.outputs[0]!.shape as [number, number, number, number];
    const taps = ky * kx;
    const rows = Math.ceil((taps * out) / block) * block;
    const byTap = reshape(transpose(plain(weights), [2, 3, 0, 1]), [taps * out, channels, 1, 1]);
    const packed = packWeights(
      pad(byTap, [
        [0, rows - taps * out],
        [0, 0],
        [0, 0],
        [0, 0],
      ]),
      block,
      block,
    );
    const planes = emitOne(`${DOMAIN}Conv`, [blocked(x), packed], { kernel_shape: [1, 1] }, [
      batch,
      rows,
      height,
      width,
    ]);
    const ordered = emitOne(`${DOMAIN}ReorderOutput`, [planes], { channels: taps * out }, [
      batch,
      taps * out,
      height,
      width,
    ]);
    const padded = pad(ordered, [
      [py, py],
      [px, px],
    ]);
    let total: Tensor | undefined;
    for (let tap = 0; tap < taps; tap++) {
      const [dy, dx] = [Math.floor(tap / kx), tap % kx];
      const shifted = slice(padded, [
        { axis: 1, start: tap * out, end: (tap + 1) * out },
        { axis: 2, start: dy, end: dy + outHeight },
        { axis: 3, start: dx, end: dx + outWidth },
      ]);
      total = total === undefined ? shifted : add(total, shifted);
    }
    return bias === undefined ? total! : add(total!, reshape(plain(bias), [1, out, 1, 1]));
  };

  const weightGradient = (node: Node): Tensor => {
    const [x, gradient] = node.inputs as [Tensor, Tensor];
    const [out, channels, ky, kx] = node.outputs[0]!.shape as [number, number, number, number];
    const [py, px] = node.attributes["pads"] as readonly [number, number];
    const [batch, , height, width] = gradient.shape as [number, number, number, number];
    if (channels <= FEW_CHANNELS) {
      // Both sides few (attention's 7×7 kernel): any choice is fast.
      const columns = shiftedCopies(plain(x), [ky, kx], [py, px], [height, width], false);
      const product = sum(matmul(columns, reshape(channelsLast(gradient), [batch, height * width, out])), {
        axes: [0],
      });
      return reshape(transpose(product, [1, 0]), [out, channels, ky, kx]);
    }
    if (out <= FEW_CHANNELS) {
      const [, , inHeight, inWidth] = x.shape as [number, number, number, number];
      const columns = shiftedCopies(plain(gradient), [ky, kx], [ky - 1 - py, kx - 1 - px], [inHeight, inWidth], true);
      const product = sum(matmul(columns, reshape(channelsLast(x), [batch, inHeight * inWidth, channels])), {
        axes: [0],
      });
      return transpose(reshape(product, [out, ky, kx, channels]), [0, 3, 1, 2]);
    }
    const volume = reshape(channelsLast(x), [1, ...channelsLast(x).shape]);
    const kernel = reshape(transpose(plain(gradient), [1, 0, 2, 3]), [out, batch, height, width, 1]);
    const attributes = { kernel_shape: [height, width, 1], pads: [py, px, 0, py, px, 0] };
    const product = emitOne("Conv", [volume, kernel], attributes, [1, out, ky, kx, channels]);
    return transpose(reshape(product, [out, ky, kx, channels]), [0, 3, 1, 2]);
  };

  const elementwise = (node: Node): boolean => {
    const result = node.outputs[0]!;
    const full = node.inputs.filter((input) => input.size > 1);
    if (!fitsBlocks(result) || full.some((input) => input.shape.join() !== result.shape.join())) return false;
    if (!full.some((input) => blockedOf.has(input))) return false;
    const inputs = node.inputs.map((input) => (input.size > 1 ? blocked(input) : plain(input)));
    if (node.op === "Heaviside") blockedOf.set(result, heaviside(inputs[0]!));
    else blockedOf.set(result, graph.emit(node.op, inputs, node.attributes, [result])[0]!);
    return true;
  };

  const pooling = (node: Node): boolean => {
    const result = node.outputs[0]!;
    const x = node.inputs[0]!;
    if (!fitsBlocks(x) || !blockedOf.has(x)) return false;
    blockedOf.set(result, emitOne(DOMAIN + node.op, [blocked(x)], node.attributes, result.shape));
    return true;
  };

  const emit = (node: Node): boolean => {
    if (fusedRelu.convolutions.has(node)) return true;
    switch (node.op) {
      case "Conv":
        return convolution(node, undefined);
      case "Relu": {
        const convolutionNode = fusedRelu.byRelu.get(node);
        if (convolutionNode === undefined) return elementwise(node);
        if (convolution(convolutionNode, node)) return true;
        // Not blocked after all: emit the convolution that was held back, plain, and then the ReLU.
        const made = graph.emit(
          "Conv",
          convolutionNode.inputs.map(plain),
          convolutionNode.attributes,
          convolutionNode.outputs,
        );
        plainOf.set(convolutionNode.outputs[0]!, made[0]!);
        return false;
      }
      case "ConvWeightGradient":
        plainOf.set(node.outputs[0]!, weightGradient(node));
        return true;
      case "MaxPool":
      case "AveragePool":
        return pooling(node);
      case "Upsample2x": {
        const x = node.inputs[0]!;
        if (!fitsBlocks(x) || !blockedOf.has(x)) return false;
        const result = node.outputs[0]!;
        blockedOf.set(result, emitOne(`${DOMAIN}Upsample`, [blocked(x)], { scales: [1, 1, 2, 2] }, result.shape));
        return true;
      }
      case "Heaviside":
        if (elementwise(node)) return true;
        plainOf.set(node.outputs[0]!, heaviside(plain(node.inputs[0]!)));
        return true;
      default:
        return ELEMENTWISE.has(node.op) && elementwise(node);
    }
  };
  return { emit, plain };
}

/** ReLUs that are the only use of a convolution's result: the kernel applies them before it stores. */
function findFusableRelus(
  nodes: readonly Node[],
  outputs: readonly Tensor[],
): { readonly byRelu: ReadonlyMap<Node, Node>; readonly convolutions: ReadonlySet<Node> } {
  const users = new Map<Tensor, Node[]>();
  for (const node of nodes) {
    for (const input of node.inputs) users.set(input, [...(users.get(input) ?? []), node]);
  }
  const byRelu = new Map<Node, Node>();
  for (const node of nodes) {
    const source = node.op === "Relu" ? node.inputs[0]!.node : undefined;
    if (source?.op !== "Conv" || outputs.includes(node.inputs[0]!)) continue;
    if (users.get(node.inputs[0]!)!.length === 1) byRelu.set(node, source);
  }
  return { byRelu, convolutions: new Set(byRelu.values()) };
}

/** `[out, in, ky, kx]` reordered to `[out / block, in / inBlock, ky, kx, inBlock, block]`, under its old shape. */
function packWeights(weights: Tensor, inBlock: number, block: number): Tensor {
  const [out, channels, ky, kx] = weights.shape as [number, number, number, number];
  const apart = reshape(weights, [out / block, block, channels / inBlock, inBlock, ky, kx]);
  return reshape(transpose(apart, [0, 2, 4, 5, 3, 1]), weights.shape);
}

/** In one pass: a slope so steep that every positive normal float lands on 1. */
function heaviside(x: Tensor): Tensor {
  const attributes = { alpha: { float: 1e38 }, beta: { float: 0 } };
  return x.graph.emit("HardSigmoid", [x], attributes, [{ shape: x.shape, dtype: "float32" }])[0]!;
}

/**
 * `[batch, channel · taps, y · x]`: the image shifted to every tap of a kernel, zeros outside.
 * @param turned taps in reverse order
 */
function shiftedCopies(
  x: Tensor,
  [ky, kx]: readonly [number, number],
  [py, px]: readonly [number, number],
  [height, width]: readonly [number, number],
  turned: boolean,
): Tensor {
  const [batch, channels] = x.shape as [number, number];
  const padded = pad(x, [
    [py, py],
    [px, px],
  ]);
  const copies: Tensor[] = [];
  for (let tap = 0; tap < ky * kx; tap++) {
    const at = turned ? ky * kx - 1 - tap : tap;
    const [dy, dx] = [Math.floor(at / kx), at % kx];
    const shifted = slice(padded, [
      { axis: 2, start: dy, end: dy + height },
      { axis: 3, start: dx, end: dx + width },
    ]);
    copies.push(reshape(shifted, [batch, channels, 1, height * width]));
  }
  return reshape(concat(copies, 2), [batch, channels * ky * kx, height * width]);
}
