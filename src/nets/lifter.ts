import { gelu } from "../graph/ops/elementwise.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Builder, conv, GELU_GAIN } from "./layers.ts";

/** Entrance of the spectral generators: convolution, GELU, convolution. */
export function lifter(builder: Builder, images: Tensor, width: number): Tensor {
  return builder.parameters.within("lifter", () => {
    const first = conv(builder, "conv1", images, width, { gain: GELU_GAIN });
    return conv(builder, "conv2", gelu(first), width, { gain: 1 });
  });
}
