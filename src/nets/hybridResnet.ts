import { add, mul } from "../graph/ops/elementwise.ts";
import type { Generator } from "./generator.ts";
import { checkShell, hybridShell, localBranch, shellSettings } from "./hybridShell.ts";
import { filled } from "./initialisers.ts";
import { repeat } from "./layers.ts";

/** Factor on what a residual block adds, before training. */
export const FRESH_BRANCH = 0.1;

/**
 * Spectral encoder, residual bottleneck (He et al. 2016, with instance normalisation) and upsampling decoder, which the
 * reference calls SRU-Net too. The blocks of the bottleneck share one trained factor on what they add.
 */
export const hybridResnet: Generator = {
  summary: "spectral encoder, residual bottleneck, upsampling decoder (SRU-Net)",
  settings: [...shellSettings, "hybridResnetBlocks"],
  encoder: ["lifter", "encoder", "down"],
  check: checkShell,
  build(builder, images, options) {
    const { parameters } = builder;
    return hybridShell(builder, images, options, (features) => {
      const scale = parameters.within("bottleneck", () => parameters.trainable("scale", [1], filled(FRESH_BRANCH)));
      return repeat(builder, "bottleneck", options.hybridResnetBlocks, features, (name, x) =>
        parameters.within(name, () => add(x, mul(localBranch(builder, x), scale))),
      );
    });
  },
};
