import { add, mul, reciprocal, sqrt, square, sub } from "../graph/ops/elementwise.ts";
import { reshape } from "../graph/ops/layout.ts";
import { mean } from "../graph/ops/reduce.ts";
import type { Tensor } from "../graph/tensor.ts";
import { ones, zeros } from "./initialisers.ts";
import type { Parameters } from "./parameters.ts";

/** Over the pixels of each channel (Ulyanov et al. 2016), or over pixels and channels of each image as one group. */
export type SampleNorm = "instance" | "layer";

const EPSILON = 1e-5;

/** Normalisation of every sample by itself, with a trained factor and bias per channel; `[batch, channel, y, x]`. */
export function sampleNorm(parameters: Parameters, name: string, x: Tensor, kind: SampleNorm): Tensor {
  return parameters.within(name, () => {
    const channels = x.shape[1];
    const weight = parameters.trainable("weight", [channels], ones);
    const bias = parameters.trainable("bias", [channels], zeros);
    const { centred, inverse } = moments(x, kind === "layer" ? [1, 2, 3] : [2, 3], EPSILON);
    const perChannel = [1, channels, 1, 1];
    return add(mul(centred, mul(inverse, reshape(weight, perChannel))), reshape(bias, perChannel));
  });
}

/** (x − mean) / √(biased variance + ε), both over `axes`. */
export function standardise(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
  const { centred, inverse } = moments(x, axes, epsilon);
  return mul(centred, inverse);
}

/** x − mean, and 1 / √(biased variance + ε). */
function moments(x: Tensor, axes: readonly number[], epsilon: number): { centred: Tensor; inverse: Tensor } {
  const centred = sub(x, mean(x, { axes, keepDims: true }));
  const variance = mean(square(centred), { axes, keepDims: true });
  return { centred, inverse: reciprocal(sqrt(add(variance, epsilon))) };
}
