import { add, relu } from "../graph/ops/elementwise.ts";
import { upsample2x } from "../graph/ops/image.ts";
import { slice } from "../graph/ops/layout.ts";
import type { Tensor } from "../graph/tensor.ts";
import { inverseSilu, type OutputActivation, type OutputPair } from "./activations.ts";
import { type Attention, attend, efficientChannelGate, FRESH_GATE, freshLevel, NO_ATTENTION } from "./attention.ts";
import { head } from "./head.ts";
import { type Builder, conv, convRelu, RELU_GAIN } from "./layers.ts";

export interface DecoderOptions {
  /** Output channels of each block. */
  readonly channels: readonly number[];
  /** C, the patches of one output. */
  readonly outputs: number;
  readonly probeBig: boolean;
  /** Of the last features, the border path's. */
  readonly borderChannels: number;
  /** In every block. */
  readonly attention: Attention;
}

/** RMS of a fresh output around its rest, in units of the features': small, so that training starts from a flat object. */
export const HEAD_GAIN = 0.2;

/** Blocks of convolution, ReLU, convolution, ReLU, [attention], twofold enlargement; then the head. */
export function decoder(
  builder: Builder,
  name: string,
  bottleneck: Tensor,
  activation: OutputActivation,
  options: DecoderOptions & { readonly batchNorm: boolean },
): Tensor {
  const { batchNorm: norm, attention } = options;
  return builder.parameters.within(name, () => {
    const features = decoderBlocks(builder, bottleneck, options.channels, { norm, attention });
    return head(builder, features, {
      upsample: true,
      channels: options.outputs,
      borderChannels: options.borderChannels,
      borderWidth: options.channels.at(-1)!,
      probeBig: options.probeBig,
      batchNorm: norm,
      activation: activation.apply,
      centreLevel: activation.restArgument,
      borderLevel: inverseSilu(activation.rest),
      gain: HEAD_GAIN,
    });
  });
}

/**
 * One decoder for both outputs: a residual refinement after each block, channel attention at the end, one head of 2C
 * channels with a linear centre, and the activations on the sum of centre and border.
 */
export function sharedDecoder(
  builder: Builder,
  bottleneck: Tensor,
  { activations }: OutputPair,
  options: DecoderOptions,
): [Tensor, Tensor] {
  const { outputs, attention } = options;
  const last = options.channels.length - 1;
  const levels = (argument: (activation: OutputActivation) => number): number[] =>
    activations.flatMap((activation) => Array.from({ length: outputs }, () => argument(activation)));
  const raw = builder.parameters.within("shared", () => {
    const features = options.channels.reduce((x, channels, i) => {
      const plain = { norm: false, upsample: false, attention };
      const block = upsample2x(decoderBlock(builder, String(i), x, channels, plain));
      return refine(builder, `refine${i}`, block, i === last ? 2 * channels : channels);
    }, bottleneck);
    return head(builder, efficientChannelGate(builder, "attention", features), {
      upsample: false,
      channels: 2 * outputs,
      borderChannels: options.borderChannels,
      borderWidth: options.channels[last],
      probeBig: options.probeBig,
      batchNorm: false,
      activation: (x) => x,
      centreLevel: levels((activation) => activation.restArgument),
      borderLevel: levels((activation) => inverseSilu(activation.restArgument)),
      gain: HEAD_GAIN / FRESH_GATE,
    });
  });
  return [
    activations[0].apply(slice(raw, [{ axis: 1, start: 0, end: outputs }])),
    activations[1].apply(slice(raw, [{ axis: 1, start: outputs, end: 2 * outputs }])),
  ];
}

interface BlockOptions {
  readonly norm: boolean;
  readonly attention: Attention;
}

/** Blocks whose enlargement is left to the convolutions that follow, the last one's too. */
export function decoderBlocks(
  builder: Builder,
  x: Tensor,
  channels: readonly number[],
  options: BlockOptions = { norm: false, attention: NO_ATTENTION },
): Tensor {
  return channels.reduce(
    (features, out, i) => decoderBlock(builder, String(i), features, out, { ...options, upsample: i > 0 }),
    x,
  );
}

function decoderBlock(
  builder: Builder,
  name: string,
  x: Tensor,
  channels: number,
  { norm, upsample, attention }: BlockOptions & { readonly upsample: boolean },
): Tensor {
  return builder.parameters.within(name, () => {
    const first = convRelu(builder, "conv1", x, channels, { norm, upsample });
    const second = convRelu(builder, "conv2", first, channels, { norm, gain: RELU_GAIN / freshLevel(attention) });
    return attend(builder, second, attention);
  });
}

/** ReLU(x + three convolutions of x), which starts near x itself. */
function refine(builder: Builder, name: string, x: Tensor, hidden: number): Tensor {
  return builder.parameters.within(name, () => {
    const first = convRelu(builder, "conv1", x, hidden);
    const second = convRelu(builder, "conv2", first, hidden);
    return relu(add(x, conv(builder, "conv3", second, x.shape[1], { gain: 0.1 })));
  });
}
