import {
  add,
  div,
  less,
  log,
  maximum,
  minimum,
  mul,
  sqrt,
  square,
  sub,
  where,
} from "../../../src/graph/ops/elementwise.ts";
import { sum } from "../../../src/graph/ops/reduce.ts";
import type { Operand, Tensor } from "../../../src/graph/tensor.ts";
import { absoluteError, LABEL_WEIGHTS } from "../../../src/physics/likelihood.ts";
import { perSample, sampleSum } from "../../../src/physics/perSample.ts";
import { halfDeviance } from "../../../src/physics/poisson.ts";

/** The losses of the reference system, from the operators of ours. Each gives `[B]`, a value a sample, unless said otherwise. */

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

/** The reference system's loss against labels: 2 Σ |A − A*| + 4 Σ |φ − φ*|. */
export function supervisedError(predicted: AmplitudeAndPhase, label: AmplitudeAndPhase): Tensor {
  const amplitude = sampleSum(absoluteError(predicted.amplitude, label.amplitude));
  const phase = sampleSum(absoluteError(predicted.phase, label.phase));
  return add(mul(amplitude, LABEL_WEIGHTS.amplitude), mul(phase, LABEL_WEIGHTS.phase));
}

/** Keeps ln k finite at k = 0, where it is multiplied by k. */
const SMALLEST_COUNT = 1e-20;

/** Stirling's series is used from here on; its first neglected term is then 1 / (1260 · 8⁵) = 2e-8. */
const STIRLING_FROM = 8;
const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/**
 * ln k! − (k ln k − k) for k ≥ 0, elementwise, fractional k included (k! = Γ(k + 1)): what Stirling's leading terms leave.
 * Above 8 by the series, below by the series at k + 8 and the recurrence of Γ.
 */
export function stirlingRemainder(counts: Tensor): Tensor {
  const large = maximum(counts, STIRLING_FROM);
  const small = minimum(counts, STIRLING_FROM);
  const shifted = add(small, STIRLING_FROM);
  const logGamma = sub(add(series(shifted), sub(mul(shifted, log(shifted)), shifted)), log(risingProduct(small)));
  const leading = sub(mul(small, log(maximum(small, SMALLEST_COUNT))), small);
  const exact = where(less(counts, TAYLOR_BELOW), taylor(small), logGamma);
  return where(less(counts, STIRLING_FROM), sub(exact, leading), series(large));
}

/** Below, Γ's recurrence would leave less than its rounding; the first neglected term of Taylor's series is 2e-10. */
const TAYLOR_BELOW = 1 / 64;
const EULER_GAMMA = 0.5772156649015329;
const APERY = 1.2020569031595942;

/** ln Γ(k + 1) = −γ k + ζ(2) k²/2 − ζ(3) k³/3 + ζ(4) k⁴/4 */
function taylor(k: Tensor): Tensor {
  const inner = add(mul(k, Math.PI ** 4 / 360), -APERY / 3);
  return mul(k, add(mul(k, add(mul(k, inner), Math.PI ** 2 / 12)), -EULER_GAMMA));
}

/** ½ ln 2πk + 1/(12k) − 1/(360k³) */
function series(k: Tensor): Tensor {
  const inverse = div(1, k);
  const tail: Operand = sub(1 / 12, mul(square(inverse), 1 / 360));
  return add(add(mul(log(k), 0.5), HALF_LOG_TWO_PI), mul(inverse, tail));
}

/** (k + 1)(k + 2) … (k + 8) = (k + 8)! / k!, as (q + 8)(q + 14)(q + 18)(q + 20) with q = k (k + 9). */
function risingProduct(k: Tensor): Tensor {
  const q = mul(k, add(k, 9));
  return mul(mul(add(q, 8), add(q, 14)), mul(add(q, 18), add(q, 20)));
}
