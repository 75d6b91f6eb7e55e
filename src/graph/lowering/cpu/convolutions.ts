import { add } from "../../ops/elementwise.ts";
import { pad, reshape, slice, transpose } from "../../ops/layout.ts";
import type { Node, Tensor } from "../../tensor.ts";
import type { Blocks, Placed } from "./blocks.ts";
import { BLOCKED, packTurnedWeights, packWeights } from "./packing.ts";

/** With so few channels on one side, direct convolution wastes most of a block. */
export const FEW_CHANNELS = 4;

/** @param relu applied by the kernel before it stores; the result is then the ReLU's */
export function convolution(node: Node, blocks: Blocks, relu?: Node): Placed | undefined {
  const { block, plain, blocked, emit } = blocks;
  const [x, weights, bias] = node.inputs as [Tensor, Tensor, Tensor?];
  const [out, channels, ky, kx] = weights.shape;
  if (out <= FEW_CHANNELS && channels % block === 0) {
    if (relu !== undefined) return undefined;
    return { plain: out * ky * kx <= block ? toFewChannels(node, blocks) : toPartOfABlock(node, blocks) };
  }
  if (out % block !== 0 || (channels >= block && channels % block !== 0)) return undefined;
  const input = channels < block ? plain(x) : blocked(x);
  const inBlock = channels < block ? 1 : block;
  const packed =
    weights.node?.op === "TurnedWeights"
      ? packTurnedWeights(plain(weights.node.inputs[0]), inBlock, block)
      : packWeights(plain(weights), inBlock, block);
  const attributes = { ...node.attributes, ...(relu === undefined ? {} : { activation: "Relu" }) };
  const inputs = bias === undefined ? [input, packed] : [input, packed, plain(bias)];
  return { blocked: emit(`${BLOCKED}Conv`, inputs, attributes, (relu ?? node).outputs[0].shape) };
}

/** With more taps than a block has channels, the block is filled up with channels that are thrown away. */
function toPartOfABlock(node: Node, { block, plain, blocked, emit }: Blocks): Tensor {
  const [x, weights, bias] = node.inputs as [Tensor, Tensor, Tensor?];
  const [batch, out, height, width] = node.outputs[0].shape;
  const filled = pad(plain(weights), [
    [0, block - out],
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  const inputs = [blocked(x), packWeights(filled, block, block)];
  if (bias !== undefined) inputs.push(pad(plain(bias), [[0, block - out]]));
  const made = emit(`${BLOCKED}Conv`, inputs, node.attributes, [batch, block, height, width]);
  return emit(`${BLOCKED}ReorderOutput`, [made], { channels: out }, [batch, out, height, width]);
}

/** A kernel to few channels is a 1×1 convolution to all its taps, whose planes are then shifted and added. */
function toFewChannels(node: Node, { block, plain, blocked, emit }: Blocks): Tensor {
  const [x, weights, bias] = node.inputs as [Tensor, Tensor, Tensor?];
  const [out, channels, ky, kx] = weights.shape;
  const [py, px] = node.attributes["pads"] as readonly [number, number];
  const [batch, , height, width] = x.shape;
  const taps = ky * kx;
  const rows = Math.ceil((taps * out) / block) * block;
  const byTap = reshape(transpose(plain(weights), [2, 3, 0, 1]), [taps * out, channels, 1, 1]);
  const filled = pad(byTap, [
    [0, rows - taps * out],
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  const packed = packWeights(filled, block, block);
  const planes = emit(`${BLOCKED}Conv`, [blocked(x), packed], { kernel_shape: [1, 1] }, [batch, rows, height, width]);
  const ordered = emit(`${BLOCKED}ReorderOutput`, [planes], { channels: taps * out }, [
    ...[batch, taps * out, height, width],
  ]);
  const padded = pad(ordered, [
    [py, py],
    [px, px],
  ]);
  const total = shiftedSum(padded, node.outputs[0].shape, [ky, kx]);
  return bias === undefined ? total : add(total, reshape(plain(bias), [1, out, 1, 1]));
}

/** Σ over taps of each tap's planes, `[batch, tap · out, y, x]`, cut where the tap has them. */
function shiftedSum(planes: Tensor, [, out, height, width]: readonly number[], [ky, kx]: readonly number[]): Tensor {
  const parts = Array.from({ length: ky * kx }, (_, tap) => {
    const [dy, dx] = [Math.floor(tap / kx), tap % kx];
    return () =>
      slice(planes, [
        { axis: 1, start: tap * out, end: (tap + 1) * out },
        { axis: 2, start: dy, end: dy + height },
        { axis: 3, start: dx, end: dx + width },
      ]);
  });
  return parts.slice(1).reduce((total, part) => add(total, part()), parts[0]());
}
