import { cast, greater, pow } from "../ops/elementwise.ts";
import { concat, expand, pad, reshape, slice, transpose } from "../ops/layout.ts";
import { matmul } from "../ops/linear.ts";
import { sum } from "../ops/reduce.ts";
import type { Tensor } from "../tensor.ts";
import type { LoweringRule } from "./lower.ts";

/** How the operators that ONNX does not have are computed with those it has. */
export const portableRules: Readonly<Record<string, LoweringRule>> = {
  Heaviside: (_node, [x]) => [cast(greater(x!, 0), "float32")],

  // ONNX Runtime's WebGPU provider (1.30) fails on an exponent that broadcasts along a trailing axis.
  Pow: (node, [base, exponent]) => {
    const { shape } = node.outputs[0]!;
    return [exponent!.size === 1 ? pow(base!, exponent!) : pow(expand(base!, shape), expand(exponent!, shape))];
  },

  Upsample2x: (node, [x]) => {
    const { graph } = x!;
    const noRegion = graph.constant(new Float32Array(0), [0]);
    const scales = graph.constant(Float32Array.of(1, 1, 2, 2), [4]);
    const attributes = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
    return graph.emit("Resize", [x!, noRegion, scales], attributes, node.outputs);
  },

  ConvWeightGradient: (node, [x, gradient]) => {
    const kernel = node.attributes["kernel_shape"] as readonly [number, number];
    const padding = node.attributes["pads"] as readonly [number, number];
    return [weightGradientByTaps(x!, gradient!, kernel, padding)];
  },
};

/** For each tap of the kernel one product of the gradient with the input shifted to that tap. */
function weightGradientByTaps(
  x: Tensor,
  gradient: Tensor,
  kernel: readonly [number, number],
  padding: readonly [number, number],
): Tensor {
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
