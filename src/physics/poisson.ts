import { add, div, log, maximum, mul, sub } from "../graph/ops/elementwise.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Keeps ln k finite at k = 0, where it is multiplied by k. */
const SMALLEST_COUNT = 1e-20;

/**
 * λ − k + k ln(k/λ), elementwise: half the deviance, zero where λ = k. λ must be positive. Unlike λ − k ln λ it is no small
 * difference of large terms, so that it stays accurate in float32 where counts are large.
 */
export function halfDeviance(rate: Tensor, counts: Tensor): Tensor {
  const ratio = div(maximum(counts, SMALLEST_COUNT), rate);
  return add(sub(rate, counts), mul(counts, log(ratio)));
}
