import { add, div, mul, sub } from "../ops/elementwise.ts";
import { PARITIES } from "../ops/image.ts";
import { concat, pad, reshape, slice, transpose } from "../ops/layout.ts";
import { matmul } from "../ops/linear.ts";
import { sum } from "../ops/reduce.ts";
import type { Attribute, Graph, Node, Tensor } from "../tensor.ts";
import { type ElementwiseForms, hardSigmoid, STEEP } from "./cpuForms.ts";
import { findFusableRelus } from "./fusableRelus.ts";
import { BLOCKED, packTurnedWeights, packWeights, swapMiddle } from "./packing.ts";
import { shiftedCopies } from "./shiftedCopies.ts";

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

/** With so few channels on one side, direct convolution wastes most of a block. */
const FEW_CHANNELS = 4;
/** Shifted copies of the gradient up to which one product with them is faster than a convolution. */
const FEW_COLUMNS = 64;
/** Pixels of an image from which weight gradients are computed image by image. */
const LARGE_IMAGE = 1024;
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
  ...["Not", "And", "Or", "Cast", "Where", "Identity", "Heaviside", "NormalCdf", "Gelu"],
]);

export function blockedTarget(
  graph: Graph,
  plainOf: Map<Tensor, Tensor>,
  nodes: readonly Node[],
  outputs: readonly Tensor[],
  forms: ElementwiseForms,
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
  ): Tensor => graph.emit(op, inputs, attributes, [{ shape, dtype: "float32" }])[0];

  const fitsBlocks = (tensor: Tensor): boolean => tensor.rank === 4 && tensor.shape[1] % block === 0;

  const plain = (tensor: Tensor): Tensor => {
    const known = plainOf.get(tensor);
    if (known !== undefined) return known;
    const attributes = { channels: tensor.shape[1] };
    const made = emitOne(`${BLOCKED}ReorderOutput`, [blockedOf.get(tensor)!], attributes, tensor.shape);
    plainOf.set(tensor, made);
    return made;
  };

  const blocked = (tensor: Tensor): Tensor => {
    const known = blockedOf.get(tensor);
    if (known !== undefined) return known;
    const made = emitOne(`${BLOCKED}ReorderInput`, [plainOf.get(tensor)!], {}, tensor.shape);
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
        : reshape(swapMiddle(reshape(source, [batch, channels / block, height * width, block])), [
            batch,
            height,
            width,
            channels,
          ]);
    channelsLastOf.set(tensor, made);
    return made;
  };

  const convolution = (node: Node, relu: Node | undefined): boolean => {
    const [x, weights, bias] = node.inputs as [Tensor, Tensor, Tensor?];
    const [out, channels] = weights.shape as [number, number];
    const fewOutputs = out <= FEW_CHANNELS && channels % block === 0;
    if (fewOutputs) {
      if (relu !== undefined) return false;
      const [, , ky, kx] = weights.shape as [number, number, number, number];
      const made = out * ky * kx <= block ? convolutionToFewChannels(node) : convolutionToPartOfABlock(node);
      plainOf.set(node.outputs[0], made);
      return true;
    }
    if (out % block !== 0 || (channels >= block && channels % block !== 0)) return false;
    const input = channels < block ? plain(x) : blocked(x);
    const inBlock = channels < block ? 1 : block;
    const packed =
      weights.node?.op === "TurnedWeights"
        ? packTurnedWeights(plain(weights.node.inputs[0]), inBlock, block)
        : packWeights(plain(weights), inBlock, block);
    const attributes = { ...node.attributes, ...(relu === undefined ? {} : { activation: "Relu" }) };
    const inputs = bias === undefined ? [input, packed] : [input, packed, plain(bias)];
    const result = (relu ?? node).outputs[0];
    blockedOf.set(result, emitOne(`${BLOCKED}Conv`, inputs, attributes, result.shape));
    return true;
  };

  /** With more taps than a block has channels, the block is filled up with channels that are thrown away. */
  const convolutionToPartOfABlock = (node: Node): Tensor => {
    const [x, weights, bias] = node.inputs as [Tensor, Tensor, Tensor?];
    const [batch, out, height, width] = node.outputs[0].shape as [number, number, number, number];
    const filled = pad(plain(weights), [
      [0, block - out],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const inputs = [blocked(x), packWeights(filled, block, block)];
    if (bias !== undefined) inputs.push(pad(plain(bias), [[0, block - out]]));
    const made = emitOne(`${BLOCKED}Conv`, inputs, node.attributes, [batch, block, height, width]);
    return emitOne(`${BLOCKED}ReorderOutput`, [made], { channels: out }, [batch, out, height, width]);
  };

  /** A kernel to few channels is a 1×1 convolution to all its taps, whose planes are then shifted and added. */
  const convolutionToFewChannels = (node: Node): Tensor => {
    const [x, weights, bias] = node.inputs as [Tensor, Tensor, Tensor?];
    const [out, channels, ky, kx] = weights.shape as [number, number, number, number];
    const [py, px] = node.attributes["pads"] as readonly [number, number];
    const [batch, , height, width] = x.shape as [number, number, number, number];
    const [, , outHeight, outWidth] = node.outputs[0].shape as [number, number, number, number];
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
    const planes = emitOne(`${BLOCKED}Conv`, [blocked(x), packed], { kernel_shape: [1, 1] }, [
      batch,
      rows,
      height,
      width,
    ]);
    const ordered = emitOne(`${BLOCKED}ReorderOutput`, [planes], { channels: taps * out }, [
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

  /** Σ over images and pixels of `columns` `[batch, column, y · x]` times an image: `[column, channel]`. */
  const pixelProducts = (columns: Tensor, image: Tensor): Tensor => {
    const [batch, count, pixels] = columns.shape as [number, number, number];
    const channels = image.shape[1];
    const source = blockedOf.get(image);
    if (source === undefined) {
      return sum(matmul(columns, reshape(channelsLast(image), [batch, pixels, channels])), { axes: [0] });
    }
    const byBlock = reshape(source, [batch, channels / block, pixels, block]);
    const products = sum(matmul(reshape(columns, [batch, 1, count, pixels]), byBlock), { axes: [0] });
    return reshape(transpose(products, [1, 0, 2]), [count, channels]);
  };

  const weightGradient = (node: Node): Tensor => {
    const [x, gradient] = node.inputs as [Tensor, Tensor];
    const [out, channels, ky, kx] = node.outputs[0].shape as [number, number, number, number];
    const [py, px] = node.attributes["pads"] as readonly [number, number];
    const [batch, , height, width] = gradient.shape as [number, number, number, number];
    if (channels <= FEW_CHANNELS) {
      // Both sides few (attention's 7×7 kernel): any choice is fast.
      const columns = shiftedCopies(plain(x), [ky, kx], [py, px], [height, width], false);
      return reshape(transpose(pixelProducts(columns, gradient), [1, 0]), [out, channels, ky, kx]);
    }
    if (out * ky * kx <= FEW_COLUMNS) {
      const [, , inHeight, inWidth] = x.shape as [number, number, number, number];
      const columns = shiftedCopies(plain(gradient), [ky, kx], [ky - 1 - py, kx - 1 - px], [inHeight, inWidth], true);
      return transpose(reshape(pixelProducts(columns, x), [out, ky, kx, channels]), [0, 3, 1, 2]);
    }
    // Large images each on their own: a row of the kernel is then an image and not the whole batch, and rows that lie powers
    // of two apart push each other out of the cache.
    const groups = height * width >= LARGE_IMAGE ? batch : 1;
    const volume = reshape(channelsLast(x), [1, ...channelsLast(x).shape]);
    const order = groups === 1 ? transpose(plain(gradient), [1, 0, 2, 3]) : plain(gradient);
    const kernel = reshape(order, [groups * out, batch / groups, height, width, 1]);
    const attributes = { kernel_shape: [height, width, 1], pads: [py, px, 0, py, px, 0], group: groups };
    const product = emitOne("Conv", [volume, kernel], attributes, [1, groups * out, ky, kx, channels]);
    const each = reshape(product, [groups, out, ky * kx, channels]);
    const whole = groups === 1 ? reshape(each, [out, ky * kx, channels]) : sum(each, { axes: [0] });
    return reshape(tapsLast(whole), [out, channels, ky, kx]);
  };

  /** `[out, tap, channel]` → `[out, channel, tap]`, in two operators that share the work out to threads as a whole. */
  const tapsLast = (products: Tensor): Tensor => {
    const [out, taps, channels] = products.shape as [number, number, number];
    if (channels % block !== 0) return transpose(products, [0, 2, 1]);
    const inBlocks = reshape(swapMiddle(reshape(products, [out, taps, channels / block, block])), [
      out,
      channels,
      taps,
      1,
    ]);
    return emitOne(`${BLOCKED}ReorderOutput`, [inBlocks], { channels }, [out, channels, taps, 1]);
  };

  const channelSums = (node: Node): boolean => {
    const x = blockedOf.get(node.inputs[0]);
    if (x === undefined) return false;
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const rows = sum(reshape(x, [(batch * channels * height) / block, width, block]), { axes: [1] });
    const total = sum(reshape(rows, [batch, channels / block, height, block]), { axes: [0, 2] });
    plainOf.set(node.outputs[0], reshape(total, [channels]));
    return true;
  };

  /** Pixels of all channels of a block lie together, so joining needs no transposition. */
  const joinParities = (node: Node): boolean => {
    const result = node.outputs[0];
    const planes = blockedOf.get(node.inputs[0]);
    if (planes === undefined || !fitsBlocks(result)) return false;
    const [batch, out, height, width] = result.shape as [number, number, number, number];
    const [rows, columns, groups] = [height / 2, width / 2, out / block];
    const apart = reshape(planes, [batch, 4, groups, rows + 1, (columns + 1) * block]);
    const parts = PARITIES.map(([a, b], parity) => {
      const plane = slice(apart, [
        { axis: 1, start: parity, end: parity + 1 },
        { axis: 3, start: a, end: a + rows },
        { axis: 4, start: b * block, end: (b + columns) * block },
      ]);
      return reshape(plane, [batch * groups * rows, columns, 1, block]);
    });
    const row = (a: number): Tensor =>
      reshape(concat(parts.slice(2 * a, 2 * a + 2), 2), [batch * groups * rows, 1, width * block]);
    blockedOf.set(result, reshape(concat([row(0), row(1)], 1), result.shape));
    return true;
  };

  const splitParities = (node: Node): boolean => {
    const result = node.outputs[0];
    const x = blockedOf.get(node.inputs[0]);
    if (x === undefined) return false;
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const [rows, columns, groups] = [height / 2, width / 2, channels / block];
    const pixels = reshape(x, [batch * groups * rows, 2, columns, 2, block]);
    const planes = PARITIES.map(([a, b]) => {
      const plane = slice(pixels, [
        { axis: 1, start: a, end: a + 1 },
        { axis: 3, start: b, end: b + 1 },
      ]);
      return pad(reshape(plane, [batch, 1, groups, rows, columns * block]), [
        [a, 1 - a],
        [b * block, (1 - b) * block],
      ]);
    });
    blockedOf.set(result, reshape(concat(planes, 1), result.shape));
    return true;
  };

  const elementwise = (node: Node): boolean => {
    const result = node.outputs[0];
    const full = node.inputs.filter((input) => input.size > 1);
    if (!fitsBlocks(result) || full.some((input) => input.shape.join() !== result.shape.join())) return false;
    if (!full.some((input) => blockedOf.has(input))) return false;
    const inputs = node.inputs.map((input) => (input.size > 1 ? blocked(input) : plain(input)));
    const made = forms[node.op]?.(inputs[0]) ?? graph.emit(node.op, inputs, node.attributes, [result])[0];
    blockedOf.set(result, made);
    return true;
  };

  const pooling = (node: Node): boolean => {
    const result = node.outputs[0];
    const x = node.inputs[0];
    if (!fitsBlocks(x) || !blockedOf.has(x)) return false;
    blockedOf.set(result, emitOne(BLOCKED + node.op, [blocked(x)], node.attributes, result.shape));
    return true;
  };

  /** Enlarged along rows only: columns of rows that lie together broadcast, which saves half of the memory. */
  const maxPoolGradient = (node: Node): boolean => {
    const [x, pooled, gradient] = node.inputs as [Tensor, Tensor, Tensor];
    const source = blockedOf.get(x);
    if (source === undefined) return false;
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const pairs = (batch * channels * height) / (2 * block);
    const enlarged = (image: Tensor): Tensor => {
      const columns = reshape(image, [(pairs * width) / 2, 1, block]);
      return reshape(concat([columns, columns], 1), [pairs, 1, width * block]);
    };
    // 0 at the maximum, which a steep slope down from 1 tells from everything below it.
    const below = sub(enlarged(blocked(pooled)), reshape(source, [pairs, 2, width * block]));
    const isMaximum = hardSigmoid(below, -STEEP, 1);
    const window = { kernel_shape: [2, 2], strides: [2, 2] };
    const part = emitOne(`${BLOCKED}AveragePool`, [reshape(isMaximum, x.shape)], window, pooled.shape);
    const share = div(mul(blocked(gradient), 0.25), part);
    blockedOf.set(node.outputs[0], reshape(mul(isMaximum, enlarged(share)), x.shape));
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
        plainOf.set(convolutionNode.outputs[0], made[0]);
        return false;
      }
      case "ConvWeightGradient":
        plainOf.set(node.outputs[0], weightGradient(node));
        return true;
      case "MaxPool":
      case "AveragePool":
        return pooling(node);
      case "MaxPoolGradient":
        return maxPoolGradient(node);
      case "Upsample2x": {
        const x = node.inputs[0];
        if (!fitsBlocks(x) || !blockedOf.has(x)) return false;
        const result = node.outputs[0];
        blockedOf.set(result, emitOne(`${BLOCKED}Upsample`, [blocked(x)], { scales: [1, 1, 2, 2] }, result.shape));
        return true;
      }
      case "ChannelSums":
        return channelSums(node);
      case "JoinParities":
        return joinParities(node);
      case "SplitParities":
        return splitParities(node);
      default:
        return ELEMENTWISE.has(node.op) && elementwise(node);
    }
  };
  return { emit, plain };
}
