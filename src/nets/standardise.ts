import { mul, sub } from "../graph/ops/elementwise.ts";
import type { Tensor } from "../graph/tensor.ts";
import { ones, zeros } from "./initialisers.ts";
import type { Parameters } from "./parameters.ts";

/** Untrained state of a network that standardises its input, `[N, N]` each. */
export const INPUT_MEAN = "input.mean";
export const INPUT_SCALE = "input.scale";

/**
 * How far each pixel of a pattern is from that pixel's mean, times a scale of its own: (x − μ) s. Patterns of one probe are
 * mostly alike, and what tells them apart is small beside it. The statistics are set before training (`inputStatistics`) and
 * belong to the network from then on; as built they change nothing.
 * @param images `[image, channel, N, N]`
 */
export function standardised(parameters: Parameters, images: Tensor): Tensor {
  const shape = images.shape.slice(-2);
  return parameters.within("input", () => {
    const [mean, scale] = [parameters.state("mean", shape, zeros), parameters.state("scale", shape, ones)];
    return mul(sub(images, mean), scale);
  });
}
