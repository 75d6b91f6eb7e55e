import { add, div, less, log, maximum, minimum, mul, square, sub, where } from "../graph/ops/elementwise.ts";
import type { Operand, Tensor } from "../graph/tensor.ts";

/**
 * Pieces of the Poisson likelihood that stay accurate in float32 where counts are large: −ln P(k | λ) = λ − k ln λ + ln k!
 * is the small difference of large terms, so it is taken apart as half the deviance plus a remainder of order ln k.
 */

/** Keeps ln k finite at k = 0, where it is multiplied by k. */
const SMALLEST_COUNT = 1e-20;

/** λ − k + k ln(k/λ), elementwise: half the deviance, zero where λ = k. λ must be positive. */
export function halfDeviance(rate: Tensor, counts: Tensor): Tensor {
  const ratio = div(maximum(counts, SMALLEST_COUNT), rate);
  return add(sub(rate, counts), mul(counts, log(ratio)));
}

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
