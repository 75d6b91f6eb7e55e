import { add, mul } from "../graph/ops/elementwise.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { BuildOptions, Generator } from "./generator.ts";
import { FRESH_BRANCH } from "./hybridResnet.ts";
import { checkShell, hybridShell, localBranch, modesAt, shellSettings } from "./hybridShell.ts";
import { filled } from "./initialisers.ts";
import { type Builder, repeat } from "./layers.ts";
import { factorisedSpectralConv } from "./spectralConv.ts";

/**
 * The shell of `hybridResnet` around residual blocks that are spectral too: x + l · L x + g · S x with L two local
 * convolutions and S a factorised spectral one.
 */
export const spectralResnetBottleneck: Generator = {
  summary: "the same with spectral residual blocks in the bottleneck",
  settings: [
    ...shellSettings,
    "spectralBottleneckBlocks",
    "spectralBottleneckModes",
    "spectralBottleneckShareWeights",
    "spectralBottleneckGateInit",
    "spectralBottleneckGateMode",
  ],
  encoder: ["lifter", "encoder", "down"],
  check: checkShell,
  build: (builder, images, options) => hybridShell(builder, images, options, (x) => bottleneck(builder, x, options)),
};

function bottleneck(builder: Builder, features: Tensor, options: BuildOptions): Tensor {
  const { parameters } = builder;
  const channels = features.shape[1];
  const modes = modesAt(features.shape[2], options.spectralBottleneckModes);
  const spectral = (): ((x: Tensor) => Tensor) =>
    factorisedSpectralConv(builder, "spectral", channels, { modes, gain: 1 });
  const gate = (): Tensor => parameters.trainable("gate", [1], filled(options.spectralBottleneckGateInit));
  const shared = <T>(make: () => T, wanted: boolean): T | undefined =>
    wanted ? parameters.within("bottleneck", () => parameters.within("shared", make)) : undefined;
  const scale = parameters.within("bottleneck", () => parameters.trainable("scale", [1], filled(FRESH_BRANCH)));
  const sharedSpectral = shared(spectral, options.spectralBottleneckShareWeights);
  const sharedGate = shared(gate, options.spectralBottleneckGateMode === "shared");
  return repeat(builder, "bottleneck", options.spectralBottleneckBlocks, features, (name, x) =>
    parameters.within(name, () => {
      const far = mul((sharedSpectral ?? spectral())(x), sharedGate ?? gate());
      return add(add(x, mul(localBranch(builder, x), scale)), far);
    }),
  );
}
