import { add, gelu, log, relu, sqrt } from "../graph/ops/elementwise.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { GeneratorOptions, InputTransform } from "./generator.ts";
import { networkInput } from "./images.ts";
import { type Builder, conv, GELU_GAIN } from "./layers.ts";
import { standardise } from "./normalise.ts";

/** Keeps images of constant amplitude finite. */
const EPSILON = 1e-6;

const transforms: Readonly<Record<InputTransform, (x: Tensor) => Tensor>> = {
  none: (x) => x,
  sqrt: (x) => sqrt(relu(x)),
  log1p: (x) => log(add(relu(x), 1)),
  instancenorm: (x) => standardise(x, [2, 3], EPSILON),
};

/** Entrance of the spectral generators: amplitudes, compressed where asked for, convolution, GELU, convolution. */
export function lifter(builder: Builder, images: Tensor, options: GeneratorOptions): Tensor {
  const x = transforms[options.fnoInputTransform](networkInput(images, options));
  return builder.parameters.within("lifter", () => {
    const first = conv(builder, "conv1", x, options.fnoWidth, { gain: GELU_GAIN });
    return conv(builder, "conv2", gelu(first), options.fnoWidth, { gain: 1 });
  });
}
