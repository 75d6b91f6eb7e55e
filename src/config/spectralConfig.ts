import type { z } from "zod";
import type { SpectralOptions } from "../nets/generator.ts";
import { choice, integer, real, toggle, withDefault } from "./fields.ts";
import { ofGenerators as of } from "./generatorNotes.ts";

/** Settings of the spectral generators; which of them have which they say themselves (`nets/registry.ts`). */
export const spectralFields: { readonly [K in keyof SpectralOptions]: z.ZodDefault<z.ZodType<SpectralOptions[K]>> } = {
  generatorOutputMode: choice(
    ["real_imag", "amp_phase", "amp_phase_logits"],
    "real_imag",
    of(
      "generatorOutputMode",
      "what the network emits: real and imaginary part, or amplitude (sigmoid) and phase from a map each, or from one map.",
    ),
  ),
  fnoModes: withDefault(
    integer({ min: 1, max: 1024 }),
    12,
    of("fnoModes", "frequencies kept of each axis, at most N/2 + 1; on halved images all where there are fewer."),
  ),
  fnoWidth: withDefault(integer({ min: 1, max: 1024 }), 32, of("fnoWidth", "channels of every layer of full size.")),
  fnoBlocks: withDefault(integer({ min: 1, max: 64 }), 4, of("fnoBlocks", "spectral blocks.")),
  fnoCnnBlocks: withDefault(
    integer({ min: 0, max: 64 }),
    2,
    of("fnoCnnBlocks", "convolutional blocks behind the spectral ones."),
  ),
  fnoStableBlocks: toggle(
    false,
    of(
      "fnoStableBlocks",
      "instance normalisation and a trained factor per channel, 0.001 at the start, in each block.",
    ),
  ),
  fnoInputTransform: choice(
    ["none", "sqrt", "log1p", "instancenorm"],
    "none",
    of(
      "fnoInputTransform",
      "what is done to the amplitudes first: nothing, their root, log(1 + x), or zero mean and unit variance per pattern.",
    ),
  ),
  ffnoEncoderShareWeights: toggle(
    true,
    of("ffnoEncoderShareWeights", "all blocks have one set of spectral weights and one gate."),
  ),
  ffnoEncoderGateInit: withDefault(
    real(),
    0.1,
    of("ffnoEncoderGateInit", "factor on what a block adds, at the start of training."),
  ),
  ffnoEncoderNorm: choice(
    ["instance", "layer"],
    "instance",
    of("ffnoEncoderNorm", "normalisation of each channel of a pattern, or of all channels together."),
  ),
  ffnoEncoderMlpRatio: withDefault(
    real({ above: 0, max: 64 }),
    2,
    of("ffnoEncoderMlpRatio", "hidden channels of a block over fno_width."),
  ),
  ffnoEncoderLocalConv: toggle(
    false,
    of("ffnoEncoderLocalConv", "a 3×3 convolution beside the spectral one in each block."),
  ),
};
