import { add, mul, silu } from "../graph/ops/elementwise.ts";
import { pad, slice } from "../graph/ops/layout.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Builder, conv, convRelu } from "./layers.ts";

export interface HeadOptions {
  /** The features are still to be enlarged twofold. */
  readonly upsample: boolean;
  /** Output channels C. */
  readonly channels: number;
  /** The last features, as many as these, are the border path's; the others are the centre's. */
  readonly borderChannels: number;
  /** Channels between the border path's convolutions. */
  readonly borderWidth: number;
  /** With the border path; without it the patch is zero outside its centre. */
  readonly probeBig: boolean;
  readonly batchNorm: boolean;
  /** Last function of the centre path. */
  readonly activation: (x: Tensor) => Tensor;
  /** Output that a fresh network rests at, before the activation in the centre and before SiLU at the border; one for all channels or one each. */
  readonly centreLevel: number | readonly number[];
  readonly borderLevel: number | readonly number[];
  /** Factor on the fresh weights of the last convolutions. */
  readonly gain: number;
}

/**
 * From the last decoder features to N×N patches in two resolutions: the central N/2 square, where the probe is bright, from
 * most channels at full resolution, and around it, for wide probes, a border from the last few.
 * @param features `[batch, F, N/2, N/2]`, or half of that and `upsample`
 * @returns `[batch, C, N, N]`
 */
export function head(builder: Builder, features: Tensor, options: HeadOptions): Tensor {
  const { channels, borderChannels, upsample, batchNorm: norm, gain, centreLevel: level } = options;
  const total = features.shape[1];
  const margin = upsample ? features.shape[2] : features.shape[2] / 2;
  return builder.parameters.within("head", () => {
    const forCentre = slice(features, [{ axis: 1, start: 0, end: total - borderChannels }]);
    const centre = options.activation(conv(builder, "centre", forCentre, channels, { upsample, norm, gain, level }));
    const padded = pad(centre, [
      [margin, margin],
      [margin, margin],
    ]);
    if (!options.probeBig) return padded;
    const forBorder = slice(features, [{ axis: 1, start: total - borderChannels, end: total }]);
    return add(padded, mul(border(builder, forBorder, options), borderMask(padded)));
  });
}

function border(builder: Builder, x: Tensor, options: HeadOptions): Tensor {
  const { channels, borderWidth, upsample, batchNorm: norm, gain, borderLevel: level } = options;
  const first = convRelu(builder, "border1", x, borderWidth, { upsample, norm });
  const second = convRelu(builder, "border2", first, borderWidth, { norm });
  return silu(conv(builder, "border3", second, channels, { upsample: true, norm, gain, level }));
}

/** 1 outside the central N/2 square of an N×N image, 0 inside. */
function borderMask(image: Tensor): Tensor {
  const N = image.shape[2];
  const inside = (i: number): boolean => i >= N / 4 && i < (3 * N) / 4;
  const mask = Float32Array.from({ length: N * N }, (_, i) => (inside(Math.floor(i / N)) && inside(i % N) ? 0 : 1));
  return image.graph.constant(mask, [1, 1, N, N]);
}
