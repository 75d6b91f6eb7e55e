import { abs, add, div, maximum, mul, sqrt, square, sub } from "../graph/ops/elementwise.ts";
import { sum } from "../graph/ops/reduce.ts";
import { type Operand, shapeError, type Tensor } from "../graph/tensor.ts";
import { perSample, sampleSum } from "./perSample.ts";
import { halfDeviance, stirlingRemainder } from "./poisson.ts";

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

/** Rates below are taken as this: far under any that occurs, and k/λ still fits a float32. */
const SMALLEST_RATE = 1e-30;

/** −ln P(k | λ) = λ − k ln λ + ln k!, summed over the sample. No gradient where the rate is at its floor. */
export function poissonNll(rate: Tensor, counts: Tensor, floor: number = SMALLEST_RATE): Tensor {
  return sampleSum(add(halfDeviance(maximum(rate, floor), counts), stirlingRemainder(counts)));
}

/** The reference system's Poisson loss between amplitudes: `poissonNll` of their squares. */
export const poissonAmplitudeNll = (predicted: Tensor, observed: Tensor): Tensor =>
  poissonNll(square(predicted), square(observed));

const COUNT_INTENSITY_FLOOR = 1e-8;

/**
 * The reference system's Poisson loss of its count-intensity mode: rates under 1e-8 are clamped, where the gradient is
 * zero, and the sum is divided by the mean measured intensity.
 * @param meanIntensity one number, or `[B]`
 */
export const countIntensityNll = (rate: Tensor, counts: Tensor, meanIntensity: Operand): Tensor =>
  div(poissonNll(rate, counts, COUNT_INTENSITY_FLOOR), meanIntensity);

/** |predicted − observed|, elementwise. */
export const absoluteError = (predicted: Tensor, observed: Tensor): Tensor => abs(sub(predicted, observed));

/**
 * |rate² − counts|, elementwise: what the reference system calls the MAE of its rectangular mode. It squares an
 * intensity; here to compare with models trained on it.
 */
export const rectangularAbsoluteError = (rate: Tensor, counts: Tensor): Tensor => absoluteError(square(rate), counts);

/** Keeps divisions by sums of observations finite, as in the reference system. */
const EMPTY = 1e-8;

/** Mean over everything of what was observed, a scalar; the reference system divides its losses by it. */
export const meanObserved = (observed: Tensor): Tensor => add(div(sum(sampleSum(observed)), observed.size), EMPTY);

/** Predicted amplitude, each sample scaled to the observed energy: A √(Σ a² / (Σ A² + 1e-8)). */
export function matchEnergy(predicted: Tensor, observed: Tensor): Tensor {
  const factor = sqrt(div(sampleSum(square(observed)), add(sampleSum(square(predicted)), EMPTY)));
  return mul(predicted, perSample(factor, predicted.rank));
}

/** Amplitude and phase as two images of one shape. */
export interface AmplitudeAndPhase {
  readonly amplitude: Tensor;
  readonly phase: Tensor;
}

/** Weights of the errors of amplitude and phase against labels. */
export const LABEL_WEIGHTS = { amplitude: 2, phase: 4 } as const;

/** The reference system's loss against labels: 2 Σ |A − A*| + 4 Σ |φ − φ*|. */
export function supervisedError(predicted: AmplitudeAndPhase, label: AmplitudeAndPhase): Tensor {
  const amplitude = sampleSum(absoluteError(predicted.amplitude, label.amplitude));
  const phase = sampleSum(absoluteError(predicted.phase, label.phase));
  return add(mul(amplitude, LABEL_WEIGHTS.amplitude), mul(phase, LABEL_WEIGHTS.phase));
}
