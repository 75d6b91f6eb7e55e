import { add, relu } from "../graph/ops/elementwise.ts";
import { conv2d } from "../graph/ops/image.ts";
import { reshape } from "../graph/ops/layout.ts";
import { matmul } from "../graph/ops/linear.ts";
import type { Tensor } from "../graph/tensor.ts";
import { batchNorm } from "./batchNorm.ts";
import type { Initialisation } from "./initialisers.ts";
import type { Parameters } from "./parameters.ts";
import { upsampledConv } from "./upsampledConv.ts";

/** What every layer needs to exist. */
export interface Builder {
  readonly parameters: Parameters;
  readonly start: Initialisation;
}

/** Gain that keeps the mean square of a signal through weights and ReLU. */
export const RELU_GAIN: number = Math.SQRT2;

/** The same for GELU of normal values: E[x² Φ(x)²] = 1/4 + 1/12 + 1/(2π√3). */
export const GELU_GAIN: number = 1 / Math.sqrt(1 / 3 + 1 / (2 * Math.PI * Math.sqrt(3)));

export interface ConvOptions {
  /** Output RMS over input RMS in a fresh network. Default √2, right before a ReLU. */
  readonly gain?: number;
  /** Without a bias: a sample normalisation that follows would take it away again, or another branch has one. */
  readonly bias?: false;
  /** Bias of a fresh network. Default 0. */
  readonly level?: number | readonly number[];
  /** Batch normalisation between convolution and activation. */
  readonly norm?: boolean;
  /** Side of the kernel, odd. Default 3. */
  readonly kernel?: 1 | 3;
  /** The input is enlarged twofold (nearest neighbour) before the convolution, which is 3×3. */
  readonly upsample?: boolean;
}

/** Convolution "same", `[batch, in, y, x]` → `[batch, out, y, x]`. */
export function conv(builder: Builder, name: string, x: Tensor, out: number, options: ConvOptions = {}): Tensor {
  const { parameters, start } = builder;
  const { gain = RELU_GAIN, kernel = 3 } = options;
  return parameters.within(name, () => {
    const channels = x.shape[1];
    const weights = parameters.trainable("weight", [out, channels, kernel, kernel], start.weights(gain));
    if (options.bias === false) return conv2d(x, weights);
    const bias = parameters.trainable("bias", [out], start.bias(kernel ** 2 * channels, options.level ?? 0));
    const y = options.upsample === true ? upsampledConv(x, weights, bias) : conv2d(x, weights, { bias });
    // Normalisation makes the RMS one whatever the weights, so the gain moves into its scale.
    return options.norm === true ? batchNorm(parameters, start, y, gain / RELU_GAIN) : y;
  });
}

export const convRelu = (builder: Builder, name: string, x: Tensor, out: number, options: ConvOptions = {}): Tensor =>
  relu(conv(builder, name, x, out, options));

/** `[batch, in]` → `[batch, out]`; returned as a function, since attention applies one layer to two inputs. */
export function linear(
  { parameters, start }: Builder,
  name: string,
  channels: number,
  out: number,
  gain: number,
): (x: Tensor) => Tensor {
  return parameters.within(name, () => {
    const weights = parameters.trainable("weight", [out, channels], start.weights(gain));
    const bias = parameters.trainable("bias", [out], start.bias(channels, 0));
    // Weights are stored [out, in]. As a product with columns no transpose of them is needed.
    return (x) => add(reshape(matmul(weights, reshape(x, [-1, channels, 1])), [-1, out]), bias);
  });
}

/** One layer after another, numbered inside `name`. */
export function repeat(
  { parameters }: Builder,
  name: string,
  count: number,
  x: Tensor,
  layer: (index: string, x: Tensor) => Tensor,
): Tensor {
  return parameters.within(name, () =>
    Array.from({ length: count }, (_, i) => String(i)).reduce((features, index) => layer(index, features), x),
  );
}
