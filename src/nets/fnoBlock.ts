import { add, gelu, mul } from "../graph/ops/elementwise.ts";
import { reshape } from "../graph/ops/layout.ts";
import type { Tensor } from "../graph/tensor.ts";
import { filled } from "./initialisers.ts";
import { type Builder, conv } from "./layers.ts";
import { sampleNorm } from "./normalise.ts";
import { spectralConv2d } from "./spectralConv.ts";

export interface FnoBlockOptions {
  readonly modes: number;
  /** Output RMS of spectral and local convolution, each, over that of the input, in a fresh network. */
  readonly gain: number;
  /** Instance normalisation of the branch and a trained factor per channel that starts small, so that depth costs nothing. */
  readonly stable: boolean;
  /** Channels inside the local branch, with a pixelwise map before and behind. Default: those of the block, without. */
  readonly localChannels?: number;
}

const FRESH_LAYER_SCALE = 1e-3;

/** x + GELU(S x + K x), or x + l · norm(GELU(S x + K x)): S a spectral, K a 3×3 convolution; `[batch, channel, y, x]`. */
export function fnoBlock(builder: Builder, name: string, x: Tensor, options: FnoBlockOptions): Tensor {
  const { parameters } = builder;
  const { modes, gain, stable } = options;
  return parameters.within(name, () => {
    const channels = x.shape[1];
    const spectral = spectralConv2d(builder, "spectral", x, { modes, gain });
    const branch = gelu(add(spectral, local(builder, x, options)));
    if (!stable) return add(x, branch);
    const scale = parameters.trainable("layerscale", [channels], filled(FRESH_LAYER_SCALE));
    const normal = sampleNorm(parameters, "norm", branch, "instance");
    return add(x, mul(normal, reshape(scale, [1, channels, 1, 1])));
  });
}

/** K x. */
function local(builder: Builder, x: Tensor, { gain, localChannels }: FnoBlockOptions): Tensor {
  const channels = x.shape[1];
  if (localChannels === undefined || localChannels === channels) return conv(builder, "local", x, channels, { gain });
  const inner = conv(builder, "localIn", x, localChannels, { kernel: 1, gain: 1 });
  const seen = conv(builder, "local", inner, localChannels, { gain });
  return conv(builder, "localOut", seen, channels, { kernel: 1, gain: 1 });
}
