import { gelu } from "../graph/ops/elementwise.ts";
import type { Tensor } from "../graph/tensor.ts";
import { fnoBlock } from "./fnoBlock.ts";
import type { GeneratorOptions, Patches } from "./generator.ts";
import { initialisation } from "./initialisers.ts";
import { type Builder, conv, GELU_GAIN, repeat } from "./layers.ts";
import { lifter } from "./lifter.ts";
import type { Parameters } from "./parameters.ts";
import { spectralOutput } from "./spectralOutput.ts";

/**
 * Fourier neural operator (Li et al. 2021) with local convolutions beside the spectral ones, then a pixelwise map,
 * convolutions with GELU, and full patches.
 * @param images amplitudes of mean energy (N/2)², `[batch, channel, N, N]`
 */
export function fno(parameters: Parameters, images: Tensor, options: GeneratorOptions): Patches {
  const builder: Builder = { parameters, start: initialisation(options.initialization) };
  const features = blocks(builder, "fno", lifter(builder, images, options), options);
  const mixed = conv(builder, "mix", features, options.fnoWidth, { kernel: 1, gain: 1 });
  const refined = repeat(builder, "refine", options.fnoCnnBlocks, mixed, (name, x) =>
    gelu(conv(builder, name, x, options.fnoWidth, { gain: GELU_GAIN })),
  );
  return spectralOutput(builder, refined, images, options);
}

/** The blocks alone, between lifter and output. */
export function fnoVanilla(parameters: Parameters, images: Tensor, options: GeneratorOptions): Patches {
  const builder: Builder = { parameters, start: initialisation(options.initialization) };
  const features = blocks(builder, "vanilla", lifter(builder, images, options), options);
  return spectralOutput(builder, features, images, options);
}

function blocks(builder: Builder, name: string, x: Tensor, options: GeneratorOptions): Tensor {
  const { fnoModes: modes, fnoBlocks: count, fnoStableBlocks: stable } = options;
  // Two branches a block; all blocks together add about as much as goes in.
  const gain = GELU_GAIN / Math.sqrt(2 * count);
  return repeat(builder, name, count, x, (block, features) =>
    fnoBlock(builder, block, features, { modes, gain, stable }),
  );
}
