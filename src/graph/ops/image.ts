import { requireDtype, shapeError, type Tensor } from "../tensor.ts";

/** Operators on images `[batch, channel, y, x]`. */

/**
 * Cross-correlation with weights `[out, in, ky, kx]` (what networks call convolution), stride 1.
 * @param bias `[out]`
 * @param padding zeros on every side; default "same" for odd kernels
 */
export function conv2d(
  x: Tensor,
  weights: Tensor,
  options: { bias?: Tensor; padding?: readonly [number, number] } = {},
): Tensor {
  requireDtype("Conv", x, "float32");
  if (x.rank !== 4 || weights.rank !== 4 || x.shape[1] !== weights.shape[1]) {
    throw shapeError("Conv", "[batch, in, y, x] and [out, in, ky, kx]", x, weights);
  }
  const [out, , ky, kx] = weights.shape as [number, number, number, number];
  if (options.bias !== undefined && options.bias.shape.join() !== String(out)) {
    throw shapeError("Conv", `a bias of [${out}]`, weights, options.bias);
  }
  const [py, px] = options.padding ?? [(ky - 1) / 2, (kx - 1) / 2];
  const [batch, , height, width] = x.shape as [number, number, number, number];
  const shape = [batch, out, height + 2 * py - ky + 1, width + 2 * px - kx + 1];
  if (!shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw shapeError("Conv", "an odd kernel no larger than the padded image", x, weights);
  }
  const inputs = options.bias === undefined ? [x, weights] : [x, weights, options.bias];
  return x.graph.emit("Conv", inputs, { pads: [py, px, py, px], kernel_shape: [ky, kx] }, [
    { shape, dtype: "float32" },
  ])[0];
}

/** Largest value of every 2×2 block. Height and width must be even. */
export function maxPool2x2(x: Tensor): Tensor {
  const [batch, channels, height, width] = evenImage("MaxPool", x);
  const shape = [batch, channels, height / 2, width / 2];
  return x.graph.emit("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] }, [{ shape, dtype: "float32" }])[0];
}

/**
 * The gradient of `maxPool2x2` with respect to its operand: that of the result, where the operand is its block's maximum.
 * Equal maxima share it: where a detector saw nothing, images are constant and all four are the maximum.
 */
export function maxPoolGradient(x: Tensor, pooled: Tensor, gradient: Tensor): Tensor {
  return x.graph.emit("MaxPoolGradient", [x, pooled, gradient], {}, [{ shape: x.shape, dtype: "float32" }])[0];
}

/** Mean of every 2×2 block. Height and width must be even. */
export function averagePool2x2(x: Tensor): Tensor {
  const [batch, channels, height, width] = evenImage("AveragePool", x);
  const shape = [batch, channels, height / 2, width / 2];
  return x.graph.emit("AveragePool", [x], { kernel_shape: [2, 2], strides: [2, 2] }, [{ shape, dtype: "float32" }])[0];
}

/** Every pixel repeated in a 2×2 block (nearest-neighbour upsampling). */
export function upsample2x(x: Tensor): Tensor {
  if (x.rank !== 4) throw shapeError("Upsample2x", "[batch, channel, y, x]", x);
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  return x.graph.emit("Upsample2x", [x], {}, [
    { shape: [batch, channels, 2 * height, 2 * width], dtype: "float32" },
  ])[0];
}

/**
 * An image from its four parities, the pixels with even and odd coordinates, side by side in the channels:
 * `[batch, 4·out, y + 1, x + 1]` → `[batch, out, 2y, 2x]`. Parity (a, b) is read from its channels' rows a … a + y − 1 and
 * columns b … b + x − 1 and lands at rows 2i + a and columns 2j + b.
 */
export function joinParities(planes: Tensor): Tensor {
  const [batch, channels, height, width] = planes.shape as [number, number, number, number];
  if (planes.rank !== 4 || channels % 4 !== 0 || height < 2 || width < 2) {
    throw shapeError("JoinParities", "[batch, 4·out, y + 1, x + 1]", planes);
  }
  const shape = [batch, channels / 4, 2 * (height - 1), 2 * (width - 1)];
  return planes.graph.emit("JoinParities", [planes], {}, [{ shape, dtype: "float32" }])[0];
}

/** The adjoint of `joinParities`: `[batch, out, 2y, 2x]` → `[batch, 4·out, y + 1, x + 1]`, zeros where nothing lands. */
export function splitParities(x: Tensor): Tensor {
  const [batch, channels, height, width] = evenImage("SplitParities", x);
  const shape = [batch, 4 * channels, height / 2 + 1, width / 2 + 1];
  return x.graph.emit("SplitParities", [x], {}, [{ shape, dtype: "float32" }])[0];
}

/** The four parities (a, b), in the order of their channels. */
export const PARITIES: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];

/** Sums over batch, rows and columns: `[batch, channel, y, x]` → `[channel]`, the gradient of a bias. */
export function channelSums(x: Tensor): Tensor {
  if (x.rank !== 4) throw shapeError("ChannelSums", "[batch, channel, y, x]", x);
  return x.graph.emit("ChannelSums", [x], {}, [{ shape: [x.shape[1]], dtype: "float32" }])[0];
}

function evenImage(op: string, x: Tensor): [number, number, number, number] {
  const shape = x.shape as [number, number, number, number];
  if (x.rank !== 4 || shape[2] % 2 !== 0 || shape[3] % 2 !== 0) {
    throw shapeError(op, "[batch, channel, y, x] with even y and x", x);
  }
  return shape;
}
