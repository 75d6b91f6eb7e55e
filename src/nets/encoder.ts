import { relu } from "../graph/ops/elementwise.ts";
import { maxPool2x2 } from "../graph/ops/image.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Attention, attend, freshLevel } from "./attention.ts";
import { type Builder, conv, convRelu, RELU_GAIN } from "./layers.ts";

export interface EncoderOptions {
  /** Output channels of each block. */
  readonly channels: readonly number[];
  readonly batchNorm: boolean;
  /** In every block. */
  readonly attention: Attention;
  /** Factor on the level of a fresh encoder's output, for gates behind it. */
  readonly boost: number;
}

/**
 * Gain of a convolution in front of ReLU and pooling. The larger of neighbours has the larger square: by 1.6 on
 * diffraction patterns at any depth (test/nets/initialisers.test.ts), less than the 3.1 of independent pixels.
 */
const POOL_GAIN: number = RELU_GAIN / Math.sqrt(1.6);

/** Blocks of convolution, ReLU, convolution, ReLU, [attention], 2×2 max pooling. */
export function encoder(builder: Builder, images: Tensor, options: EncoderOptions): Tensor {
  return builder.parameters.within("encoder", () =>
    options.channels.reduce((x, channels, i) => {
      const boost = i === options.channels.length - 1 ? options.boost : 1;
      return encoderBlock(builder, String(i), x, channels, { ...options, boost });
    }, images),
  );
}

function encoderBlock(
  builder: Builder,
  name: string,
  x: Tensor,
  channels: number,
  { batchNorm: norm, attention, boost }: EncoderOptions,
): Tensor {
  return builder.parameters.within(name, () => {
    const first = convRelu(builder, "conv1", x, channels, { norm });
    const level = freshLevel(attention);
    if (level === 1) {
      // Pooling and ReLU commute. In this order the ReLU has a quarter of the work, and equal maxima do not occur.
      return relu(maxPool2x2(conv(builder, "conv2", first, channels, { norm, gain: boost * POOL_GAIN })));
    }
    const gain = (boost * POOL_GAIN) / level;
    return maxPool2x2(attend(builder, convRelu(builder, "conv2", first, channels, { norm, gain }), attention));
  });
}
