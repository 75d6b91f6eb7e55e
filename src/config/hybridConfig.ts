import type { z } from "zod";
import type { HybridOptions } from "../nets/generator.ts";
import { choice, integer, real, toggle, withDefault } from "./fields.ts";
import { ofGenerators as of } from "./generatorNotes.ts";

/** Settings of the generators of spectral encoder, bottleneck and upsampling decoder. */
export const hybridFields: { readonly [K in keyof HybridOptions]: z.ZodDefault<z.ZodType<HybridOptions[K]>> } = {
  hybridDownsampleSteps: withDefault(
    integer({ min: 1, max: 3 }),
    2,
    of(
      "hybridDownsampleSteps",
      "how often the encoder halves the image and doubles the channels; at most fno_blocks, a step behind each of the first.",
    ),
  ),
  hybridDownsampleOp: choice(
    ["stride_conv", "avgpool_conv"],
    "stride_conv",
    of(
      "hybridDownsampleOp",
      "how it halves: a 2×2 convolution of stride 2, or the mean of 2×2 pixels and a 1×1 convolution.",
    ),
    { refused: { blurpool_conv: "it is not in this version; avgpool_conv smooths too" } },
  ),
  hybridSkipConnections: toggle(
    false,
    of(
      "hybridSkipConnections",
      "add the encoder's features of the same size, through a 1×1 convolution, in the decoder.",
    ),
  ),
  hybridEncoderConvHiddenScale: withDefault(
    real({ above: 0, max: 64 }),
    1,
    of(
      "hybridEncoderConvHiddenScale",
      "channels inside the local convolution of an encoder block, over those of the block; 1 does without the pixelwise maps there and back.",
    ),
  ),
  hybridResnetBlocks: withDefault(
    integer({ min: 1, max: 64 }),
    6,
    of("hybridResnetBlocks", "residual blocks of the bottleneck."),
  ),
  spectralBottleneckBlocks: withDefault(
    integer({ min: 1, max: 64 }),
    6,
    of("spectralBottleneckBlocks", "blocks of the bottleneck."),
  ),
  spectralBottleneckModes: withDefault(
    integer({ min: 1, max: 1024 }),
    12,
    of("spectralBottleneckModes", "frequencies kept of each axis in the bottleneck, or all where it has fewer."),
  ),
  spectralBottleneckShareWeights: toggle(
    true,
    of("spectralBottleneckShareWeights", "all blocks have one set of spectral weights."),
  ),
  spectralBottleneckGateInit: withDefault(
    real(),
    0.1,
    of("spectralBottleneckGateInit", "factor on the spectral branch of a block, at the start of training."),
  ),
  spectralBottleneckGateMode: choice(
    ["shared", "per_block"],
    "shared",
    of("spectralBottleneckGateMode", "one such factor for all blocks, or one each."),
  ),
};
