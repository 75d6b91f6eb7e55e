import { add, gelu, mul } from "../graph/ops/elementwise.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Generator, GeneratorOptions } from "./generator.ts";
import { filled } from "./initialisers.ts";
import { type Builder, conv, GELU_GAIN, repeat } from "./layers.ts";
import { lifter } from "./lifter.ts";
import { sampleNorm } from "./normalise.ts";
import { factorisedSpectralConv } from "./spectralConv.ts";
import { spectralOutput } from "./spectralOutput.ts";
import { checkModes, spectralSettings } from "./spectralSettings.ts";

/**
 * Factorised Fourier neural operator (Tran et al. 2023): spectral convolutions along one axis at a time, in gated residual
 * blocks that may share them, then residual convolutions, and full patches.
 */
export const ffno: Generator = {
  summary: "factorised Fourier neural operator",
  settings: [
    ...spectralSettings,
    "fnoBlocks",
    "fnoCnnBlocks",
    "ffnoEncoderShareWeights",
    "ffnoEncoderGateInit",
    "ffnoEncoderNorm",
    "ffnoEncoderMlpRatio",
    "ffnoEncoderLocalConv",
  ],
  encoder: ["lifter", "ffno"],
  check: checkModes,
  build(builder, images, options) {
    const { fnoWidth: width, fnoCnnBlocks: count } = options;
    const features = ffnoBlocks(builder, lifter(builder, images, width), options);
    const refined = repeat(builder, "residual", count, features, (name, x) =>
      builder.parameters.within(name, () => {
        const first = gelu(conv(builder, "conv1", x, width, { gain: GELU_GAIN }));
        return add(x, conv(builder, "conv2", first, width, { gain: 1 / Math.sqrt(count) }));
      }),
    );
    return spectralOutput(builder, refined, options);
  },
};

/** Spectral convolution and gate of a block, or of all of them. */
interface Mixer {
  readonly spectral: (x: Tensor) => Tensor;
  /** `[1]` */
  readonly gate: Tensor;
}

type BlockOptions = Pick<
  GeneratorOptions,
  | "fnoBlocks"
  | "fnoModes"
  | "ffnoEncoderShareWeights"
  | "ffnoEncoderGateInit"
  | "ffnoEncoderNorm"
  | "ffnoEncoderMlpRatio"
  | "ffnoEncoderLocalConv"
>;

/** The blocks between lifter and refinement, `[batch, channel, y, x]`. */
export function ffnoBlocks(builder: Builder, x: Tensor, options: BlockOptions): Tensor {
  const { parameters } = builder;
  const mixer = (): Mixer => ({
    spectral: factorisedSpectralConv(builder, "spectral", x.shape[1], { modes: options.fnoModes, gain: 1 }),
    gate: parameters.trainable("gate", [1], filled(options.ffnoEncoderGateInit)),
  });
  const shared = options.ffnoEncoderShareWeights
    ? parameters.within("ffno", () => parameters.within("shared", mixer))
    : undefined;
  return repeat(builder, "ffno", options.fnoBlocks, x, (name, features) =>
    parameters.within(name, () => ffnoBlock(builder, features, shared ?? mixer(), options)),
  );
}

/** x + g · W₂ GELU(W₁ norm(S x)), W₁ and W₂ pixelwise; where asked for with a 3×3 convolution added to the spectral one. */
function ffnoBlock(builder: Builder, x: Tensor, { spectral, gate }: Mixer, options: BlockOptions): Tensor {
  const channels = x.shape[1];
  const hidden = Math.max(1, Math.floor(options.ffnoEncoderMlpRatio * channels));
  const far = spectral(x);
  const seen = options.ffnoEncoderLocalConv ? add(far, conv(builder, "local", x, channels, { gain: 1 })) : far;
  const normal = sampleNorm(builder.parameters, "norm", seen, options.ffnoEncoderNorm);
  const expanded = gelu(conv(builder, "expand", normal, hidden, { kernel: 1, gain: GELU_GAIN }));
  return add(x, mul(conv(builder, "project", expanded, channels, { kernel: 1, gain: 1 }), gate));
}
