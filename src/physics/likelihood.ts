import { abs, add, div, mul, sub } from "../graph/ops/elementwise.ts";
import { sum } from "../graph/ops/reduce.ts";
import { shapeError, type Tensor } from "../graph/tensor.ts";
import { sampleSum } from "./perSample.ts";
import { halfDeviance } from "./poisson.ts";

/**
 * Data terms. Each takes predictions and observations of one shape `[B, …]` and gives `[B]`, a value a sample, unless
 * said otherwise; how samples are weighted is the trainer's business.
 */

/**
 * Counts that every pixel is taken to receive from elsewhere in our own loss. One photon in ten thousand exposures
 * cannot be told from none, yet it bounds the loss and its slope where a photon was seen and none predicted: the slope in
 * the wave's amplitude then stays within 100 times that of a pixel expecting one photon.
 */
export const BACKGROUND_COUNTS = 1e-4;

/**
 * Poisson deviance per pixel, mean 2 [λ − k + k ln(k/λ)]: zero for a perfect fit, about one at the shot-noise limit.
 *
 * @param rate λ ≥ 0, expected counts; `BACKGROUND_COUNTS` are added
 * @param counts k ≥ 0
 * @param mask 1 = valid, broadcasts against the sample (`[N, N]`), or one a sample (`[B, 1, N, N]`); what is masked must
 *   still be finite. Default all valid
 */
export function poissonDeviance(rate: Tensor, counts: Tensor, mask?: Tensor): Tensor {
  const halves = halfDeviance(add(rate, BACKGROUND_COUNTS), counts);
  if (mask === undefined) return mul(sampleSum(halves), (2 * rate.shape[0]) / rate.size);
  if (mask.rank === rate.rank && mask.shape[0] === rate.shape[0]) {
    const repeats = rate.size / mask.size;
    return div(mul(sampleSum(mul(halves, mask)), 2 / repeats), sampleSum(mask));
  }
  const repeats = rate.size / rate.shape[0] / mask.size;
  if (mask.rank >= rate.rank || !Number.isInteger(repeats))
    throw shapeError("deviance", "a mask of [N, N]", rate, mask);
  return div(mul(sampleSum(mul(halves, mask)), 2 / repeats), sum(mask));
}

/** |predicted − observed|, elementwise. */
export const absoluteError = (predicted: Tensor, observed: Tensor): Tensor => abs(sub(predicted, observed));

/** Weights of the errors of amplitude and phase against labels. */
export const LABEL_WEIGHTS = { amplitude: 2, phase: 4 } as const;
