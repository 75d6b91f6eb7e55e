import { gelu } from "../graph/ops/elementwise.ts";
import type { Tensor } from "../graph/tensor.ts";
import { fnoBlock } from "./fnoBlock.ts";
import type { Generator, GeneratorOptions } from "./generator.ts";
import { type Builder, conv, GELU_GAIN, repeat } from "./layers.ts";
import { lifter } from "./lifter.ts";
import { spectralOutput } from "./spectralOutput.ts";
import { checkModes, spectralSettings } from "./spectralSettings.ts";

/**
 * Fourier neural operator (Li et al. 2021) with local convolutions beside the spectral ones, then a pixelwise map,
 * convolutions with GELU, and full patches.
 */
export const fno: Generator = {
  summary: "Fourier neural operator with convolutions behind it",
  settings: [...spectralSettings, "fnoBlocks", "fnoCnnBlocks", "fnoStableBlocks"],
  encoder: ["lifter", "fno"],
  check: checkModes,
  build(builder, images, options) {
    const { fnoWidth: width } = options;
    const features = blocks(builder, "fno", lifter(builder, images, width), options);
    const mixed = conv(builder, "mix", features, width, { kernel: 1, gain: 1 });
    const refined = repeat(builder, "refine", options.fnoCnnBlocks, mixed, (name, x) =>
      gelu(conv(builder, name, x, width, { gain: GELU_GAIN })),
    );
    return spectralOutput(builder, refined, options);
  },
};

/** The blocks alone, between lifter and output. */
export const fnoVanilla: Generator = {
  summary: "Fourier neural operator",
  settings: [...spectralSettings, "fnoBlocks", "fnoStableBlocks"],
  encoder: ["lifter", "vanilla"],
  check: checkModes,
  build(builder, images, options) {
    const features = blocks(builder, "vanilla", lifter(builder, images, options.fnoWidth), options);
    return spectralOutput(builder, features, options);
  },
};

function blocks(builder: Builder, name: string, x: Tensor, options: GeneratorOptions): Tensor {
  const { fnoModes: modes, fnoBlocks: count, fnoStableBlocks: stable } = options;
  // Two branches a block; all blocks together add about as much as goes in.
  const gain = GELU_GAIN / Math.sqrt(2 * count);
  return repeat(builder, name, count, x, (block, features) =>
    fnoBlock(builder, block, features, { modes, gain, stable }),
  );
}
