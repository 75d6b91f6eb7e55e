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
}

const FRESH_LAYER_SCALE = 1e-3;

/** x + GELU(S x + K x), or x + l · norm(GELU(S x + K x)): S a spectral, K a 3×3 convolution; `[batch, channel, y, x]`. */
export function fnoBlock(builder: Builder, name: string, x: Tensor, { modes, gain, stable }: FnoBlockOptions): Tensor {
  const { parameters } = builder;
  return parameters.within(name, () => {
    const channels = x.shape[1]!;
    const spectral = spectralConv2d(builder, "spectral", x, { modes, gain });
    const branch = gelu(add(spectral, conv(builder, "local", x, channels, { gain })));
    if (!stable) return add(x, branch);
    const scale = parameters.trainable("layerscale", [channels], filled(FRESH_LAYER_SCALE));
    const normal = sampleNorm(parameters, "norm", branch, "instance");
    return add(x, mul(normal, reshape(scale, [1, channels, 1, 1])));
  });
}
