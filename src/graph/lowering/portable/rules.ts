import { add, cast, div, equal, erf, greater, mul, pow } from "../../ops/elementwise.ts";
import { averagePool2x2, PARITIES } from "../../ops/image.ts";
import { reversed } from "../../ops/indexing.ts";
import { concat, expand, pad, reshape, slice, transpose } from "../../ops/layout.ts";
import { matmul } from "../../ops/linear.ts";
import { sum } from "../../ops/reduce.ts";
import type { Tensor } from "../../tensor.ts";
import type { LoweringRule } from "../target.ts";

/** How the operators that ONNX does not have are computed with those it has, and one that a provider computes wrongly. */
export const portableRules: Readonly<Record<string, LoweringRule>> = {
  Heaviside: (_node, [x]) => [cast(greater(x, 0), "float32")],

  NormalCdf: (_node, [x]) => [normalCdf(x)],
  Gelu: (_node, [x]) => [mul(x, normalCdf(x))],

  // ONNX Runtime's WebGPU provider (1.30) fails on an exponent that broadcasts along a trailing axis. Emitted here, since
  // `pow` takes what was expanded as it was before.
  Pow: (node, [base, exponent]) => {
    const { shape } = node.outputs[0];
    if (exponent.size === 1) return [pow(base, exponent)];
    return base.graph.emit("Pow", [expand(base, shape), expand(exponent, shape)], {}, node.outputs);
  },

  Upsample2x: (_node, [x]) => [enlarged(x)],

  MaxPoolGradient: (_node, [x, pooled, gradient]) => {
    const isMaximum = cast(equal(x, enlarged(pooled)), "float32");
    const share = div(mul(gradient, 0.25), averagePool2x2(isMaximum));
    return [mul(enlarged(share), isMaximum)];
  },

  // Both in transpositions that each move one axis, which runtimes have fast paths for.
  JoinParities: (node, [planes]) => {
    const [batch, out, height, width] = node.outputs[0].shape as [number, number, number, number];
    const [rows, columns] = [height / 2, width / 2];
    const parts = PARITIES.map(([a, b], parity) => {
      const plane = slice(planes, [
        { axis: 1, start: parity * out, end: (parity + 1) * out },
        { axis: 2, start: a, end: a + rows },
        { axis: 3, start: b, end: b + columns },
      ]);
      return reshape(plane, [batch, out, 1, rows, columns]);
    });
    const byRowParity = reshape(concat(parts, 2), [2 * batch * out, 2, rows * columns]);
    const wide = reshape(transpose(byRowParity, [0, 2, 1]), [batch * out, 2, rows, width]);
    return [reshape(transpose(wide, [0, 2, 1, 3]), [batch, out, height, width])];
  },

  SplitParities: (_node, [x]) => {
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const [rows, columns] = [height / 2, width / 2];
    const byRowParity = transpose(reshape(x, [batch * channels, rows, 2, width]), [0, 2, 1, 3]);
    const apart = transpose(reshape(byRowParity, [2 * batch * channels, rows * columns, 2]), [0, 2, 1]);
    const planes = reshape(apart, [batch, channels, 4, rows, columns]);
    const padded = PARITIES.map(([a, b], parity) => {
      const plane = slice(planes, [{ axis: 2, start: parity, end: parity + 1 }]);
      return pad(reshape(plane, [batch, channels, rows, columns]), [
        [a, 1 - a],
        [b, 1 - b],
      ]);
    });
    return [concat(padded, 1)];
  },

  // Rows first: a runtime adds up one by one, and the rounding of a sum grows with its length.
  ChannelSums: (_node, [x]) => [sum(sum(x, { axes: [3] }), { axes: [0, 2] })],

  TurnedWeights: (_node, [weights]) => {
    const [out, channels, ky, kx] = weights.shape as [number, number, number, number];
    const byTap = transpose(reshape(weights, [out, channels, ky * kx]), [2, 1, 0]);
    return [reshape(transpose(reversed(byTap, 0), [1, 2, 0]), [channels, out, ky, kx])];
  },

  ConvWeightGradient: (node, [x, gradient]) => {
    const kernel = node.attributes["kernel_shape"] as readonly [number, number];
    const padding = node.attributes["pads"] as readonly [number, number];
    return [weightGradientByTaps(x, gradient, kernel, padding)];
  },
};

const normalCdf = (x: Tensor): Tensor => add(mul(erf(mul(x, Math.SQRT1_2)), 0.5), 0.5);

/** Every pixel repeated in a 2×2 block. */
function enlarged(x: Tensor): Tensor {
  const { graph, shape } = x;
  const noRegion = graph.constant(new Float32Array(0), [0]);
  const scales = graph.constant(Float32Array.of(1, 1, 2, 2), [4]);
  const attributes = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  const [batch, channels, height, width] = shape as [number, number, number, number];
  return graph.emit("Resize", [x, noRegion, scales], attributes, [
    { shape: [batch, channels, 2 * height, 2 * width], dtype: "float32" },
  ])[0];
}

/** For each tap of the kernel one product of the gradient with the input shifted to that tap. */
function weightGradientByTaps(
  x: Tensor,
  gradient: Tensor,
  kernel: readonly [number, number],
  padding: readonly [number, number],
): Tensor {
  const [batch, out, height, width] = gradient.shape as [number, number, number, number];
  const channels = x.shape[1];
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
