import { add, div, maximum, minimum, mul, sqrt } from "./ops/elementwise.ts";
import { sumOfSquares } from "./ops/reduce.ts";
import type { Tensor } from "./tensor.ts";

/** How gradients are limited before an optimiser sees them. */
export type Clipping =
  /** All gradients together, as one vector, to a Euclidean norm of at most `limit`. */
  | { readonly algorithm: "norm"; readonly limit: number }
  /** Every element to −limit … limit. */
  | { readonly algorithm: "value"; readonly limit: number }
  /** Each gradient's norm to `limit` times that of its parameter: adaptive gradient clipping (Brock et al. 2021), per tensor. */
  | { readonly algorithm: "agc"; readonly limit: number };

export interface Clipped {
  readonly gradients: readonly Tensor[];
  /** Global Euclidean norm of the gradients as they came, a scalar. */
  readonly normBefore: Tensor;
  readonly normAfter: Tensor;
}

/** Keeps the division by a vanishing gradient finite. */
const TINY = 1e-6;
/** Adaptive clipping treats a parameter near zero as if it had this norm, so that it can leave zero. */
const SMALLEST_PARAMETER_NORM = 1e-3;

/** @param parameters in the order of the gradients; only `agc` looks at them */
export function clipGradients(
  gradients: readonly Tensor[],
  parameters: readonly Tensor[],
  clipping: Clipping | undefined,
): Clipped {
  const normBefore = globalNorm(gradients);
  if (clipping === undefined) return { gradients, normBefore, normAfter: normBefore };
  const { limit } = clipping;
  if (clipping.algorithm === "norm") {
    const factor = minimum(div(limit, add(normBefore, TINY)), 1);
    return { gradients: gradients.map((g) => mul(g, factor)), normBefore, normAfter: mul(normBefore, factor) };
  }
  const clipped =
    clipping.algorithm === "value"
      ? gradients.map((g) => maximum(minimum(g, limit), -limit))
      : gradients.map((g, i) => adaptively(g, parameters[i], limit));
  return { gradients: clipped, normBefore, normAfter: globalNorm(clipped) };
}

/** √ Σ g² over all elements of all tensors. */
export function globalNorm(tensors: readonly Tensor[]): Tensor {
  return sqrt(tensors.toReversed().map(sumOfSquares).reduce(add));
}

function adaptively(gradient: Tensor, parameter: Tensor, limit: number): Tensor {
  const largest = mul(maximum(sqrt(sumOfSquares(parameter)), SMALLEST_PARAMETER_NORM), limit);
  const norm = sqrt(sumOfSquares(gradient));
  return mul(gradient, minimum(div(largest, maximum(norm, TINY)), 1));
}
