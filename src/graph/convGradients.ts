import { conv2d } from "./ops/image.ts";
import { concat, pad, reshape, slice, transpose } from "./ops/layout.ts";
import { matmul } from "./ops/linear.ts";
import { sum } from "./ops/reduce.ts";
import type { Node, Tensor } from "./tensor.ts";

/** Gradients of a stride-1 convolution `y = x ⋆ w` with odd kernels, lowered for speed (measurements in ARCHITECTURE.md). */

interface Geometry {
  readonly kernel: readonly [number, number];
  readonly padding: readonly [number, number];
}

function geometryOf(node: Node): Geometry {
  const [ky, kx] = node.attributes["kernel_shape"] as readonly [number, number];
  const [py, px] = node.attributes["pads"] as readonly number[];
  return { kernel: [ky, kx], padding: [py!, px!] };
}

/** ∂L/∂x: a convolution of the gradient with the weights turned by 180° and input and output channels swapped. */
export function convInputGradient(node: Node, gradient: Tensor): Tensor {
  const { kernel, padding } = geometryOf(node);
  return conv2d(gradient, turned(node.inputs[1]!), {
    padding: [kernel[0] - 1 - padding[0], kernel[1] - 1 - padding[1]],
  });
}

/** `[out, in, ky, kx]` → `[in, out, ky, kx]`, turned by 180°. */
function turned(weights: Tensor): Tensor {
  const [out, channels, ky, kx] = weights.shape as [number, number, number, number];
  const taps = ky * kx;
  const swapped = transpose(reshape(weights, [out, channels, taps]), [2, 1, 0]);
  const reversed = concat(
    Array.from({ length: taps }, (_, tap) => slice(swapped, [{ axis: 0, start: taps - 1 - tap, end: taps - tap }])),
    0,
  );
  return reshape(transpose(reversed, [1, 2, 0]), [channels, out, ky, kx]);
}

/** ∂L/∂w: for each tap of the kernel one product of the gradient with the input shifted to that tap. */
export function convWeightGradient(node: Node, gradient: Tensor): Tensor {
  const { kernel, padding } = geometryOf(node);
  const x = node.inputs[0]!;
  const [batch, out, height, width] = gradient.shape as [number, number, number, number];
  const channels = x.shape[1]!;
  const padded = pad(transpose(x, [0, 2, 3, 1]), [
    [padding[0], padding[0]],
    [padding[1], padding[1]],
    [0, 0],
  ]);
  const rows = reshape(gradient, [batch, out, height * width]);
  const taps: Tensor[] = [];
  for (let dy = 0; dy < kernel[0]; dy++) {
    for (let dx = 0; dx < kernel[1]; dx++) {
      const shifted = slice(padded, [
        { axis: 1, start: dy, end: dy + height },
        { axis: 2, start: dx, end: dx + width },
      ]);
      const product = matmul(rows, reshape(shifted, [batch, height * width, channels]));
      taps.push(reshape(sum(product, { axes: [0] }), [1, out, channels]));
    }
  }
  return reshape(transpose(concat(taps, 0), [1, 2, 0]), [out, channels, ...kernel]);
}
