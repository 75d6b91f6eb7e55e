import { conv2d } from "./ops/image.ts";
import type { Node, Tensor } from "./tensor.ts";

/** Gradients of a stride-1 convolution `y = x ⋆ w` with odd kernels. */

/** ∂L/∂x: a convolution of the gradient with the weights turned by 180° and input and output channels swapped. */
export function convInputGradient(node: Node, gradient: Tensor): Tensor {
  const [ky, kx] = node.attributes["kernel_shape"] as readonly [number, number];
  const [py, px] = node.attributes["pads"] as readonly [number, number];
  return conv2d(gradient, turned(node.inputs[1]), { padding: [ky - 1 - py, kx - 1 - px] });
}

/** `[out, in, ky, kx]` → `[in, out, ky, kx]`, turned by 180°. */
function turned(weights: Tensor): Tensor {
  const [out, channels, ky, kx] = weights.shape as [number, number, number, number];
  return weights.graph.emit("TurnedWeights", [weights], {}, [{ shape: [channels, out, ky, kx], dtype: "float32" }])[0];
}

/** ∂L/∂w = Σ over images and pixels of gradient × shifted input. Three quarters of a naive training step, so every target
 * lowers it in its own way (`lowering/`). */
export function convWeightGradient(node: Node, gradient: Tensor): Tensor {
  const { kernel_shape, pads } = node.attributes;
  return gradient.graph.emit(
    "ConvWeightGradient",
    [node.inputs[0], gradient],
    { kernel_shape: kernel_shape, pads: pads },
    [{ shape: node.inputs[1].shape, dtype: "float32" }],
  )[0];
}
