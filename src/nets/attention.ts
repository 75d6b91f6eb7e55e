import { add, mul, relu, sigmoid } from "../graph/ops/elementwise.ts";
import { conv2d } from "../graph/ops/image.ts";
import { concat, reshape } from "../graph/ops/layout.ts";
import { max, mean } from "../graph/ops/reduce.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Builder, linear, RELU_GAIN } from "./layers.ts";

/**
 * Gates: a factor between 0 and 1 for every channel or pixel. Their last layers start small, so that a fresh gate is
 * near one half for any input and `1 / FRESH_GATE` in the layer before it keeps the signal's level.
 */
export const FRESH_GATE = 0.5;
/** Channel and spatial gate one after the other. */
export const FRESH_CBAM: number = FRESH_GATE ** 2;
const GATE_GAIN = 0.01;

/** Which attention stands behind a layer. */
export interface Attention {
  readonly cbam: boolean;
  /** Efficient channel attention. */
  readonly channel: boolean;
  /** Side of the kernel of a spatial gate of its own; absent without one. */
  readonly spatialKernel?: number;
}

export const NO_ATTENTION: Attention = { cbam: false, channel: false };

/** Factor of all gates together in a fresh network. */
export const freshLevel = ({ cbam, channel, spatialKernel }: Attention): number =>
  (cbam ? FRESH_CBAM : 1) * (channel ? FRESH_GATE : 1) * (spatialKernel === undefined ? 1 : FRESH_GATE);

/** The gates that are asked for, one after the other. */
export function attend(builder: Builder, x: Tensor, wanted: Attention): Tensor {
  let y = x;
  if (wanted.cbam) y = cbam(builder, "attention", y);
  if (wanted.channel) y = efficientChannelGate(builder, "channelAttention", y);
  if (wanted.spatialKernel !== undefined) y = spatialGate(builder, "spatialAttention", y, wanted.spatialKernel);
  return y;
}

export interface CbamOptions {
  /** Channels over hidden units of the channel gate. Default 16. */
  readonly reduction?: number;
  /** Side of the spatial gate's kernel. Default 7. */
  readonly spatialKernel?: number;
}

/** Channel, then spatial gate (CBAM, Woo et al. 2018). */
export function cbam(builder: Builder, name: string, x: Tensor, options: CbamOptions = {}): Tensor {
  return builder.parameters.within(name, () =>
    spatialGate(builder, "spatial", channelGate(builder, "channel", x, options.reduction), options.spatialKernel),
  );
}

/** x · sigmoid(mlp(mean over pixels) + mlp(max over pixels)), the MLP with C / reduction hidden units. */
export function channelGate(builder: Builder, name: string, x: Tensor, reduction = 16): Tensor {
  return builder.parameters.within(name, () => {
    const [batch, channels] = x.shape as [number, number, number, number];
    const hidden = Math.max(1, Math.floor(channels / reduction));
    const reduce = linear(builder, "reduce", channels, hidden, RELU_GAIN);
    const expand = linear(builder, "expand", hidden, channels, GATE_GAIN);
    const weigh = (squeezed: Tensor): Tensor => expand(relu(reduce(squeezed)));
    const gate = sigmoid(add(weigh(mean(x, { axes: [2, 3] })), weigh(max(x, { axes: [2, 3] }))));
    return mul(x, reshape(gate, [batch, channels, 1, 1]));
  });
}

/** x · sigmoid(convolution of [max over channels, mean over channels]), without bias. */
export function spatialGate(builder: Builder, name: string, x: Tensor, kernel = 7): Tensor {
  return builder.parameters.within(name, () => {
    const weights = builder.parameters.trainable("weight", [1, 2, kernel, kernel], builder.start.weights(GATE_GAIN));
    const maps = concat([max(x, { axes: [1], keepDims: true }), mean(x, { axes: [1], keepDims: true })], 1);
    return mul(x, sigmoid(conv2d(maps, weights)));
  });
}

/** x · sigmoid(1-D convolution of the channel means along the channels), without bias (ECA, Wang et al. 2020). */
export function efficientChannelGate(builder: Builder, name: string, x: Tensor, kernel = 3): Tensor {
  return builder.parameters.within(name, () => {
    const [batch, channels] = x.shape as [number, number, number, number];
    const weights = builder.parameters.trainable("weight", [1, 1, kernel], builder.start.weights(GATE_GAIN));
    const means = reshape(mean(x, { axes: [2, 3] }), [batch, 1, 1, channels]);
    const mixed = conv2d(means, reshape(weights, [1, 1, 1, kernel]), { padding: [0, (kernel - 1) / 2] });
    return mul(x, reshape(sigmoid(mixed), [batch, channels, 1, 1]));
  });
}
