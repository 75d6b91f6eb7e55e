import { PtychonautError } from "../errors.ts";
import { reshape } from "../graph/ops/layout.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type OutputPair, outputPair } from "./activations.ts";
import { cbam, FRESH_CBAM } from "./attention.ts";
import { type CnnLayout, cnnLayout } from "./cnnLayout.ts";
import { decoder, sharedDecoder } from "./decoder.ts";
import { encoder } from "./encoder.ts";
import type { GeneratorOptions, Patches } from "./generator.ts";
import { networkInput } from "./images.ts";
import { initialisation } from "./initialisers.ts";
import type { Builder } from "./layers.ts";
import type { Parameters } from "./parameters.ts";

/**
 * The convolutional generator: one encoder, and one decoder each for amplitude and phase (or real and imaginary part),
 * or one for both. Group members are channels when they are to be merged into one object, and separate images otherwise.
 * @param images amplitudes of mean energy (N/2)², `[batch, channel, N, N]`
 */
export function cnn(parameters: Parameters, images: Tensor, options: GeneratorOptions): Patches {
  const input = networkInput(images, options);
  const layout = cnnLayout(options.N, options.nFiltersScale);
  const outputs = input.shape[1]!;
  checkOutputs(outputs, options);
  const builder: Builder = { parameters, start: initialisation(options.initialization) };
  const pair = outputPair(options.cnnOutputMode, options.ampActivation);
  const [first, second] = decode(builder, bottleneck(builder, input, layout, options), layout, outputs, pair, options);
  const [a, b] = [reshape(first, images.shape), reshape(second, images.shape)];
  return options.cnnOutputMode === "real_imag"
    ? { kind: "cartesian", re: a, im: b }
    : { kind: "polar", amplitude: a, phase: b };
}

/** Encoder and, where asked for, the attention behind it. */
function bottleneck(builder: Builder, images: Tensor, layout: CnnLayout, options: GeneratorOptions): Tensor {
  const { batchNorm, cbamEncoder: attention } = options;
  const boost = options.cbamBottleneck ? 1 / FRESH_CBAM : 1;
  const encoded = encoder(builder, images, { channels: layout.encoder, batchNorm, attention, boost });
  return options.cbamBottleneck ? cbam(builder, "bottleneck", encoded) : encoded;
}

function decode(
  builder: Builder,
  features: Tensor,
  { decoder: channels }: CnnLayout,
  outputs: number,
  pair: OutputPair,
  { probeBig, batchNorm, sharedDecoder: shared }: GeneratorOptions,
): [Tensor, Tensor] {
  if (shared) return sharedDecoder(builder, features, pair, { channels, outputs, probeBig });
  // Only the second one is normalised: normalisation would take the scale out of the first, which must learn it.
  const one = (i: 0 | 1): Tensor =>
    decoder(builder, pair.names[i], features, pair.activations[i], {
      channels,
      outputs,
      probeBig,
      batchNorm: batchNorm && i === 1,
    });
  return [one(0), one(1)];
}

/** The head splits the last 32s channels between centre and border, and both need some. */
function checkOutputs(outputs: number, { nFiltersScale, sharedDecoder: shared }: GeneratorOptions): void {
  const taken = shared ? 2 * outputs : outputs;
  if (taken < 32 * nFiltersScale) return;
  throw new PtychonautError("usage", "the decoder has too few channels for groups of this size", {
    expected: `fewer than ${32 * nFiltersScale} output channels for nFiltersScale ${nFiltersScale}`,
    got: String(taken),
    fix: "raise nFiltersScale or lower gridsize",
  });
}
