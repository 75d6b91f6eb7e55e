import { reversed } from "../../ops/indexing.ts";
import { reshape, transpose } from "../../ops/layout.ts";
import type { Tensor } from "../../tensor.ts";

/** ONNX Runtime's operators on images whose channels are interleaved in blocks (`blocked.ts`). */
export const BLOCKED = "com.microsoft.nchwc::";

/**
 * `[out, in, ky, kx]` reordered to `[out / block, in / inBlock, ky, kx, inBlock, block]`, under its old shape. In steps that
 * each move one axis, which ONNX Runtime does several times as fast as a permutation of many.
 */
export function packWeights(weights: Tensor, inBlock: number, block: number): Tensor {
  const [out, channels, ky, kx] = weights.shape as [number, number, number, number];
  const tiles = (out / block) * (channels / inBlock);
  const outInner = lastButOneInner(reshape(weights, [out / block, block, channels * ky * kx]), block);
  return reshape(swapMiddle(reshape(outInner, [tiles, inBlock, ky * kx, block])), weights.shape);
}

/** What `packWeights` gives for weights turned by 180° with inputs and outputs exchanged, from the weights themselves. */
export function packTurnedWeights(weights: Tensor, inBlock: number, block: number): Tensor {
  const [channels, out, ky, kx] = weights.shape as [number, number, number, number];
  const [taps, tile] = [ky * kx, inBlock * block];
  const [outs, ins] = [out / block, channels / inBlock];
  const inInner = lastButOneInner(reshape(weights, [ins, inBlock, out * taps]), block);
  const outInner = lastButOneInner(reshape(inInner, [ins * outs, block, taps * inBlock]), block);
  const exchanged = transpose(reshape(outInner, [ins, outs, taps * tile]), [1, 0, 2]);
  return reshape(reversed(reshape(exchanged, [outs * ins, taps, tile]), 1), [out, channels, ky, kx]);
}

/**
 * `[a, b, c, block]` → `[a, c, b, block]`. To the operator, b are the pixels of an image and all that a pixel has its channels:
 * this is how images with the channels last are put into blocks, which, unlike the way back, is shared out to threads.
 */
export function swapMiddle(x: Tensor): Tensor {
  const [count, pixels, groups, block] = x.shape as [number, number, number, number];
  const channels = groups * block;
  const image = reshape(x, [count, pixels, 1, channels]);
  const shape = [count, channels, pixels, 1];
  const made = x.graph.emit(`${BLOCKED}ReorderInput`, [image], { channels_last: 1 }, [{ shape, dtype: "float32" }])[0];
  return reshape(made, [count, groups, pixels, block]);
}

/**
 * `[a, b, c]` → `[a, c, b]`. Where b is a block this is how an image is put into blocks, whose operator shares the work out
 * to threads as a whole and not matrix by matrix.
 */
function lastButOneInner(x: Tensor, block: number): Tensor {
  const [count, inner, rest] = x.shape as [number, number, number];
  if (inner !== block) return transpose(x, [0, 2, 1]);
  const image = reshape(x, [count, block, 1, rest]);
  const made = x.graph.emit(`${BLOCKED}ReorderInput`, [image], {}, [{ shape: image.shape, dtype: "float32" }])[0];
  return reshape(made, [count, rest, block]);
}
