import { abs, add, sub } from "../graph/ops/elementwise.ts";
import { slice } from "../graph/ops/layout.ts";
import { mean } from "../graph/ops/reduce.ts";
import type { Tensor } from "../graph/tensor.ts";
import { sampleSum } from "./perSample.ts";

/** Penalties on images `[B, …, y, x]`, one value a sample, `[B]`. */

/** Anisotropic total variation: Σ |vertical differences| + Σ |horizontal differences|. */
export const totalVariation = (image: Tensor): Tensor =>
  add(sampleSum(abs(differences(image, -2))), sampleSum(abs(differences(image, -1))));

/** Σ |x − mean over the image's pixels|. */
export const meanDeviation = (image: Tensor): Tensor =>
  sampleSum(abs(sub(image, mean(image, { axes: [-2, -1], keepDims: true }))));

function differences(image: Tensor, axis: -1 | -2): Tensor {
  const extent = image.shape.at(axis)!;
  return sub(slice(image, [{ axis, start: 1, end: extent }]), slice(image, [{ axis, start: 0, end: extent - 1 }]));
}
