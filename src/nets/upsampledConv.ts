import { conv2d, joinParities, upsample2x } from "../graph/ops/image.ts";
import { concat, reshape, transpose } from "../graph/ops/layout.ts";
import { matmul } from "../graph/ops/linear.ts";
import type { Tensor } from "../graph/tensor.ts";

/**
 * A 3×3 "same" convolution of the twofold enlarged (nearest-neighbour) image.
 *
 * The enlarged image need not exist: the three kernel rows of output row 2i + a see only two rows of x, namely i−1, i, i
 * for a = 0 and i, i, i+1 for a = 1. So each of the four parities (a, b) is a 2×2 convolution of x with sums of the
 * weights: 4/9 of the products, a quarter of the memory, and measured with its gradients up to four times as fast.
 * With more outputs than inputs the interleaving costs more than the enlarging, and the plain form is taken.
 * @param x `[batch, in, y, x]`
 * @param weights `[out, in, 3, 3]`
 * @returns `[batch, out, 2y, 2x]`
 */
export function upsampledConv(x: Tensor, weights: Tensor, bias: Tensor): Tensor {
  return weights.shape[0] <= x.shape[1] ? foldedConv(x, weights, bias) : conv2d(upsample2x(x), weights, { bias });
}

function foldedConv(x: Tensor, weights: Tensor, bias: Tensor): Tensor {
  const [out, channels] = weights.shape as [number, number];
  const folded = matmul(reshape(weights, [out * channels, 9]), x.graph.constant(foldingMatrix(), [9, 16]));
  const kernels = transpose(reshape(folded, [out, channels, 4, 4]), [2, 0, 1, 3]);
  return parityConv(x, reshape(kernels, [4 * out, channels, 2, 2]), bias);
}

/**
 * Doubles an image with a 2×2 kernel for each parity (a, b) of the output's pixels, which sees the source's rows i − 1 + a
 * and i + a and columns likewise: a transposed convolution of 4×4, stride 2 and padding 1.
 * @param x `[batch, in, y, x]`
 * @param kernels `[4 · out, in, 2, 2]`, the parities (0, 0), (0, 1), (1, 0), (1, 1) one after the other
 * @param bias `[out]`
 * @returns `[batch, out, 2y, 2x]`
 */
export function parityConv(x: Tensor, kernels: Tensor, bias?: Tensor): Tensor {
  const fourfold = bias === undefined ? {} : { bias: concat([bias, bias, bias, bias], 0) };
  return joinParities(conv2d(x, kernels, { ...fourfold, padding: [1, 1] }));
}

/** Entry (3 ky + kx, 4 (2a + b) + 2u + v) is 1 where parity (a, b) applies tap (ky, kx) to its source pixel (u, v). */
function foldingMatrix(): Float32Array {
  const source = (parity: number, tap: number): number => Math.floor((parity + tap - 1) / 2) + 1 - parity;
  const matrix = new Float32Array(9 * 16);
  for (let tap = 0; tap < 9; tap++) {
    for (let parity = 0; parity < 4; parity++) {
      const u = source(parity >> 1, Math.floor(tap / 3));
      const v = source(parity & 1, tap % 3);
      matrix[16 * tap + 4 * parity + 2 * u + v] = 1;
    }
  }
  return matrix;
}
