import type { z } from "zod";
import { choice, integer, real, toggle, withDefault } from "./fields.ts";

/** Settings of the spectral generators; which of them take which is in `rules.ts`. */
export interface SpectralConfig {
  readonly generatorOutputMode: "real_imag" | "amp_phase" | "amp_phase_logits";
  readonly fnoModes: number;
  readonly fnoWidth: number;
  readonly fnoBlocks: number;
  readonly fnoCnnBlocks: number;
  readonly fnoStableBlocks: boolean;
  readonly fnoInputTransform: "none" | "sqrt" | "log1p" | "instancenorm";
  readonly ffnoEncoderShareWeights: boolean;
  readonly ffnoEncoderGateInit: number;
  readonly ffnoEncoderNorm: "instance" | "layer";
  readonly ffnoEncoderMlpRatio: number;
  readonly ffnoEncoderLocalConv: boolean;
}

const FNO = "fno, fno_vanilla, ffno:";

export const spectralFields: { readonly [K in keyof SpectralConfig]: z.ZodDefault<z.ZodType<SpectralConfig[K]>> } = {
  generatorOutputMode: choice(
    ["real_imag", "amp_phase", "amp_phase_logits"],
    "real_imag",
    `${FNO} what the network emits: real and imaginary part, or amplitude (sigmoid) and phase from a map each, or from one map.`,
  ),
  fnoModes: withDefault(integer({ min: 1, max: 1024 }), 12, `${FNO} frequencies kept of each axis, at most N/2 + 1.`),
  fnoWidth: withDefault(integer({ min: 1, max: 1024 }), 32, `${FNO} channels of every layer.`),
  fnoBlocks: withDefault(integer({ min: 1, max: 64 }), 4, `${FNO} spectral blocks.`),
  fnoCnnBlocks: withDefault(
    integer({ min: 0, max: 64 }),
    2,
    "fno, ffno: convolutional blocks behind the spectral ones.",
  ),
  fnoStableBlocks: toggle(
    false,
    "fno, fno_vanilla: instance normalisation and a trained factor per channel, 0.001 at the start, in each block.",
  ),
  fnoInputTransform: choice(
    ["none", "sqrt", "log1p", "instancenorm"],
    "none",
    `${FNO} what is done to the amplitudes first: nothing, their root, log(1 + x), or zero mean and unit variance per pattern.`,
  ),
  ffnoEncoderShareWeights: toggle(true, "ffno: all blocks have one set of spectral weights and one gate."),
  ffnoEncoderGateInit: withDefault(real(), 0.1, "ffno: factor on what a block adds, at the start of training."),
  ffnoEncoderNorm: choice(
    ["instance", "layer"],
    "instance",
    "ffno: normalisation of each channel of a pattern, or of all channels together.",
  ),
  ffnoEncoderMlpRatio: withDefault(real({ above: 0, max: 64 }), 2, "ffno: hidden channels of a block over fno_width."),
  ffnoEncoderLocalConv: toggle(false, "ffno: a 3×3 convolution beside the spectral one in each block."),
};
