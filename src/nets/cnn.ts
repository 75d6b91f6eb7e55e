import { PtychonautError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type OutputPair, outputPair } from "./activations.ts";
import { type Attention, cbam, FRESH_CBAM } from "./attention.ts";
import { type CnnLayout, cnnLayout } from "./cnnLayout.ts";
import { decoder, sharedDecoder } from "./decoder.ts";
import { encoder } from "./encoder.ts";
import type { BuildOptions, Generator, GeneratorOptions } from "./generator.ts";
import type { Builder } from "./layers.ts";

/**
 * The convolutional generator: one encoder, and one decoder each for amplitude and phase (or real and imaginary part),
 * or one for both.
 */
export const cnn: Generator = {
  summary: "convolutional, one encoder and two decoders",
  settings: [
    "nFiltersScale",
    "cnnOutputMode",
    "ampActivation",
    "sharedDecoder",
    "batchNorm",
    "cbamEncoder",
    "ecaEncoder",
    "cbamBottleneck",
    "cbamDecoder",
    "ecaDecoder",
    "spatialDecoder",
    "decoderSpatialKernel",
    "probeBig",
    "borderChannels",
  ],
  encoder: ["encoder", "bottleneck"],
  check({ decoderSpatialKernel: side }) {
    if (side % 2 === 1) return;
    throw new PtychonautError("usage", "wrong value for decoder_spatial_kernel", {
      expected: "odd",
      got: String(side),
    });
  },
  build(builder, images, options) {
    const layout = cnnLayout(options.N, options.nFiltersScale);
    checkOutputs(options);
    const pair = outputPair(options.cnnOutputMode, options.ampActivation);
    const [a, b] = decode(builder, bottleneck(builder, images, layout, options), layout, pair, options);
    return options.cnnOutputMode === "real_imag"
      ? { kind: "cartesian", re: a, im: b }
      : { kind: "polar", amplitude: a, phase: b };
  },
};

/** Encoder and, where asked for, the attention behind it. */
function bottleneck(builder: Builder, images: Tensor, layout: CnnLayout, options: GeneratorOptions): Tensor {
  const { batchNorm } = options;
  const attention = { cbam: options.cbamEncoder, channel: options.ecaEncoder };
  const boost = options.cbamBottleneck ? 1 / FRESH_CBAM : 1;
  const encoded = encoder(builder, images, { channels: layout.encoder, batchNorm, attention, boost });
  return options.cbamBottleneck ? cbam(builder, "bottleneck", encoded) : encoded;
}

function decode(
  builder: Builder,
  features: Tensor,
  { decoder: channels }: CnnLayout,
  pair: OutputPair,
  options: BuildOptions,
): [Tensor, Tensor] {
  const { outputs, probeBig, batchNorm } = options;
  const attention = decoderAttention(options);
  const borderChannels = borderChannelsOf(options);
  const common = { channels, outputs, probeBig, borderChannels, attention };
  if (options.sharedDecoder) return sharedDecoder(builder, features, pair, common);
  // Only the second one is normalised: normalisation would take the scale out of the first, which must learn it.
  const one = (i: 0 | 1): Tensor =>
    decoder(builder, pair.names[i], features, pair.activations[i], { ...common, batchNorm: batchNorm && i === 1 });
  return [one(0), one(1)];
}

function decoderAttention(options: GeneratorOptions): Attention {
  const { cbamDecoder: cbam, ecaDecoder: channel, spatialDecoder, decoderSpatialKernel: spatialKernel } = options;
  return { cbam, channel, ...(spatialDecoder ? { spatialKernel } : {}) };
}

/** As many as a head has outputs, unless said. */
const borderChannelsOf = ({ borderChannels, outputs, sharedDecoder: shared }: BuildOptions): number =>
  borderChannels ?? (shared ? 2 * outputs : outputs);

/** The head splits the last 32s channels between centre and border, and both need some. */
function checkOutputs(options: BuildOptions): void {
  const { nFiltersScale } = options;
  const taken = borderChannelsOf(options);
  if (taken < 32 * nFiltersScale) return;
  throw new PtychonautError("usage", "the decoder has too few channels for groups or a border of this size", {
    expected: `fewer than ${32 * nFiltersScale} output or border channels for nFiltersScale ${nFiltersScale}`,
    got: String(taken),
    fix: "raise nFiltersScale, or lower gridsize or borderChannels",
  });
}
