import { reshape, transpose } from "../../ops/layout.ts";
import { matmul } from "../../ops/linear.ts";
import { sum } from "../../ops/reduce.ts";
import type { Node, Tensor } from "../../tensor.ts";
import type { Blocks } from "./blocks.ts";
import { FEW_CHANNELS } from "./convolutions.ts";
import { BLOCKED, swapMiddle } from "./packing.ts";
import { shiftedCopies } from "./shiftedCopies.ts";

/** Shifted copies of the gradient up to which one product with them is faster than a convolution. */
const FEW_COLUMNS = 64;
/** Pixels of an image from which weight gradients are computed image by image. */
const LARGE_IMAGE = 1024;

/**
 * Gradients of weights become one three-dimensional convolution each, which makes ONNX Runtime gather and multiply
 * cache-sized tiles instead of writing nine shifted copies to memory. Measurements: docs/speed.md.
 */
export function weightGradient(node: Node, blocks: Blocks): Tensor {
  const { plain, channelsLast, emit } = blocks;
  const [x, gradient] = node.inputs;
  const [out, channels, ky, kx] = node.outputs[0].shape;
  const [py, px] = node.attributes["pads"] as readonly [number, number];
  const [batch, , height, width] = gradient.shape;
  if (channels <= FEW_CHANNELS) {
    // Both sides few (attention's 7×7 kernel): any choice is fast.
    const columns = shiftedCopies(plain(x), [ky, kx], [py, px], [height, width], false);
    return reshape(transpose(pixelProducts(columns, gradient, blocks), [1, 0]), [out, channels, ky, kx]);
  }
  if (out * ky * kx <= FEW_COLUMNS) {
    const [, , inHeight, inWidth] = x.shape;
    const columns = shiftedCopies(plain(gradient), [ky, kx], [ky - 1 - py, kx - 1 - px], [inHeight, inWidth], true);
    return transpose(reshape(pixelProducts(columns, x, blocks), [out, ky, kx, channels]), [0, 3, 1, 2]);
  }
  // Large images each on their own: a row of the kernel is then an image and not the whole batch, and rows that lie powers
  // of two apart push each other out of the cache.
  const groups = height * width >= LARGE_IMAGE ? batch : 1;
  const volume = reshape(channelsLast(x), [1, ...channelsLast(x).shape]);
  const order = groups === 1 ? transpose(plain(gradient), [1, 0, 2, 3]) : plain(gradient);
  const kernel = reshape(order, [groups * out, batch / groups, height, width, 1]);
  const attributes = { kernel_shape: [height, width, 1], pads: [py, px, 0, py, px, 0], group: groups };
  const product = emit("Conv", [volume, kernel], attributes, [1, groups * out, ky, kx, channels]);
  const each = reshape(product, [groups, out, ky * kx, channels]);
  const whole = groups === 1 ? reshape(each, [out, ky * kx, channels]) : sum(each, { axes: [0] });
  return reshape(tapsLast(whole, blocks), [out, channels, ky, kx]);
}

/** Σ over images and pixels of `columns` `[batch, column, y · x]` times an image: `[column, channel]`. */
function pixelProducts(columns: Tensor, image: Tensor, { block, blockedAlready, channelsLast }: Blocks): Tensor {
  const [batch, count, pixels] = columns.shape;
  const channels = image.shape[1];
  const source = blockedAlready(image);
  if (source === undefined) {
    return sum(matmul(columns, reshape(channelsLast(image), [batch, pixels, channels])), { axes: [0] });
  }
  const byBlock = reshape(source, [batch, channels / block, pixels, block]);
  const products = sum(matmul(reshape(columns, [batch, 1, count, pixels]), byBlock), { axes: [0] });
  return reshape(transpose(products, [1, 0, 2]), [count, channels]);
}

/** `[out, tap, channel]` → `[out, channel, tap]`, in two operators that share the work out to threads as a whole. */
function tapsLast(products: Tensor, { block, emit }: Blocks): Tensor {
  const [out, taps, channels] = products.shape;
  if (channels % block !== 0) return transpose(products, [0, 2, 1]);
  const exchanged = swapMiddle(reshape(products, [out, taps, channels / block, block]));
  const inBlocks = reshape(exchanged, [out, channels, taps, 1]);
  return emit(`${BLOCKED}ReorderOutput`, [inBlocks], { channels }, [out, channels, taps, 1]);
}
