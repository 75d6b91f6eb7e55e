import { div } from "../graph/ops/elementwise.ts";
import { gather } from "../graph/ops/indexing.ts";
import { reshape } from "../graph/ops/layout.ts";
import { sum } from "../graph/ops/reduce.ts";
import type { Tensor } from "../graph/tensor.ts";

/**
 * A number for each sample, shaped to broadcast over it.
 *
 * @param table `[E]`: one value an experiment
 * @param experiment `[B]` int64: which experiment each sample is from
 * @param rank of the samples' tensor, batch axis included
 * @returns `[B, 1, …]`
 */
export function ofExperiment(table: Tensor, experiment: Tensor, rank: number): Tensor {
  return perSample(gather(table, experiment), rank);
}

/** `[B]` as `[B, 1, …]` of the given rank. */
export function perSample(values: Tensor, rank: number): Tensor {
  return reshape(values, [values.size, ...Array.from({ length: rank - 1 }, () => 1)]);
}

/**
 * `[B, …]` summed to `[B]`, rows first: runtimes add up one by one, and the rounding of a sum grows with its length.
 */
export function sampleSum(x: Tensor): Tensor {
  const rows = x.rank > 2 ? sum(x, { axes: [-1] }) : x;
  return sum(rows, { axes: Array.from({ length: rows.rank - 1 }, (_, i) => i + 1) });
}

/** `[B, …]` averaged to `[B]`. */
export const sampleMean = (x: Tensor): Tensor => div(sampleSum(x), x.size / x.shape[0]);
