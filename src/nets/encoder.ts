import { relu } from "../graph/ops/elementwise.ts";
import { maxPool2x2 } from "../graph/ops/image.ts";
import type { Tensor } from "../graph/tensor.ts";
import { cbam, FRESH_GATE } from "./attention.ts";
import { type Builder, conv, convRelu, RELU_GAIN } from "./layers.ts";

export interface EncoderOptions {
  /** Output channels of each block. */
  readonly channels: readonly number[];
  readonly batchNorm: boolean;
  /** Channel and spatial attention in every block. */
  readonly attention: boolean;
}

/**
 * Gain of a convolution in front of ReLU and pooling. The larger of neighbours has the larger square: by 1.6 on
 * diffraction patterns at any depth (test/nets/initialisers.test.ts), less than the 3.1 of independent pixels.
 */
const POOL_GAIN: number = RELU_GAIN / Math.sqrt(1.6);

/** Blocks of convolution, ReLU, convolution, ReLU, [attention], 2×2 max pooling. */
export function encoder(builder: Builder, images: Tensor, options: EncoderOptions): Tensor {
  return builder.parameters.within("encoder", () =>
    options.channels.reduce((x, channels, i) => encoderBlock(builder, String(i), x, channels, options), images),
  );
}

function encoderBlock(
  builder: Builder,
  name: string,
  x: Tensor,
  channels: number,
  { batchNorm: norm, attention }: EncoderOptions,
): Tensor {
  return builder.parameters.within(name, () => {
    const first = convRelu(builder, "conv1", x, channels, { norm });
    if (!attention) {
      // Pooling and ReLU commute. In this order the ReLU has a quarter of the work, and equal maxima do not occur.
      return relu(maxPool2x2(conv(builder, "conv2", first, channels, { norm, gain: POOL_GAIN })));
    }
    const gain = POOL_GAIN / FRESH_GATE ** 2;
    return maxPool2x2(cbam(builder, "attention", convRelu(builder, "conv2", first, channels, { norm, gain })));
  });
}
