import type { Tensor } from "../graph/tensor.ts";
import { outputPair } from "./activations.ts";
import { NO_ATTENTION } from "./attention.ts";
import { decoderBlocks, HEAD_GAIN } from "./decoder.ts";
import { encoder } from "./encoder.ts";
import type { Generator } from "./generator.ts";
import { conv } from "./layers.ts";

/**
 * The network of PtychoNN (Cherukara et al. 2020), the usual baseline for training on labels: three encoder blocks whatever
 * N, and a decoder each for amplitude and phase up to full patches, with linear outputs and no border path. It sees one
 * pattern at a time.
 */
export const ptychonn: Generator = {
  summary: "the PtychoNN baseline, convolutional, one pattern at a time",
  settings: ["nFiltersScale"],
  encoder: ["encoder"],
  onePattern: true,
  build(builder, images, options) {
    const channels = [1, 2, 4].map((factor) => 32 * options.nFiltersScale * factor);
    const features = encoder(builder, images, { channels, batchNorm: false, attention: NO_ATTENTION, boost: 1 });
    const { names, activations } = outputPair("amp_phase", "silu");
    const decode = (i: 0 | 1): Tensor =>
      builder.parameters.within(names[i], () => {
        const decoded = decoderBlocks(builder, features, [...channels].reverse());
        const output = { upsample: true, gain: HEAD_GAIN, level: activations[i].rest };
        return conv(builder, "output", decoded, options.outputs, output);
      });
    return { kind: "polar", amplitude: decode(0), phase: decode(1) };
  },
};
