import { gelu } from "../../src/graph/ops/elementwise.ts";
import type { Generator } from "../../src/nets/generator.ts";
import { conv, GELU_GAIN, repeat } from "../../src/nets/layers.ts";
import { spectralOutput } from "../../src/nets/spectralOutput.ts";

/** Convolutions at full resolution, one behind the other. */
export const plain: Generator = {
  summary: "convolutions at full resolution",
  settings: ["fnoWidth", "fnoBlocks", "generatorOutputMode", "fnoInputTransform"],
  encoder: ["layer"],
  build(builder, images, options) {
    const features = repeat(builder, "layer", options.fnoBlocks, images, (name, x) =>
      gelu(conv(builder, name, x, options.fnoWidth, { gain: GELU_GAIN })),
    );
    return spectralOutput(builder, features, options);
  },
};
