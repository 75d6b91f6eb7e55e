import { add, div, mul, sqrt, square, sub } from "../graph/ops/elementwise.ts";
import { reshape } from "../graph/ops/layout.ts";
import { mean } from "../graph/ops/reduce.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Initialisation } from "./initialisers.ts";
import { ones, zeros } from "./initialisers.ts";
import type { Parameters } from "./parameters.ts";

const EPSILON = 1e-5;
/** Share of the newest batch in the running statistics. */
const MOMENTUM = 0.1;

/**
 * Batch normalisation over batch and pixels of `[batch, channel, y, x]` (Ioffe & Szegedy 2015). In training with the
 * batch's own mean and biased variance, while the running ones (unbiased variance) are updated; otherwise with those.
 * @param scale multiplier that a fresh network starts with
 */
export function batchNorm(parameters: Parameters, start: Initialisation, x: Tensor, scale = 1): Tensor {
  return parameters.within("norm", () => {
    const channels = x.shape[1];
    const perChannel = [1, channels, 1, 1];
    const weight = parameters.trainable("weight", [channels], start.normScale(scale));
    const bias = parameters.trainable("bias", [channels], zeros);
    const runningMean = parameters.state("mean", [channels], zeros);
    const runningVariance = parameters.state("variance", [channels], ones);

    const normalise = (centred: Tensor, variance: Tensor): Tensor => {
      const factor = div(reshape(weight, perChannel), sqrt(add(variance, EPSILON)));
      return add(mul(centred, factor), reshape(bias, perChannel));
    };
    if (!parameters.training) {
      return normalise(sub(x, reshape(runningMean, perChannel)), reshape(runningVariance, perChannel));
    }
    const batchMean = mean(x, { axes: [0, 2, 3], keepDims: true });
    const centred = sub(x, batchMean);
    const variance = mean(square(centred), { axes: [0, 2, 3], keepDims: true });
    const count = x.size / channels;
    const blend = (running: Tensor, now: Tensor): Tensor =>
      add(mul(running, 1 - MOMENTUM), mul(reshape(now, [channels]), MOMENTUM));
    parameters.update("mean", blend(runningMean, batchMean));
    parameters.update("variance", blend(runningVariance, mul(variance, count / (count - 1))));
    return normalise(centred, variance);
  });
}
