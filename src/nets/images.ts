import { PtychonautError } from "../errors.ts";
import { reshape } from "../graph/ops/layout.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { GeneratorOptions } from "./generator.ts";

/**
 * What a network sees: group members as channels of one image when they are to be merged into one object, as separate
 * images otherwise.
 * @param images `[batch, channel, N, N]`
 * @throws PtychonautError "shape" for images of another size
 */
export function networkInput(images: Tensor, { N, objectBig }: GeneratorOptions): Tensor {
  if (images.rank !== 4 || images.shape[2] !== N || images.shape[3] !== N) {
    throw new PtychonautError("shape", "the images do not fit the network", {
      expected: `[batch, channel, ${N}, ${N}]`,
      got: `[${images.shape.join(", ")}]`,
    });
  }
  return objectBig ? images : reshape(images, [-1, 1, N, N]);
}
