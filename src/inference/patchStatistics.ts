import type { ComplexArray } from "../arrays.ts";

/** Statistics of the amplitudes of one batch of predicted patches, under the names that the reference system gives them. */
export interface PatchStatistics {
  readonly phase: "train" | "inference";
  readonly batch_idx: number;
  /** Patches. */
  readonly batch_size: number;
  readonly global_mean: number;
  readonly global_std: number;
  /** Variance left when every patch's own mean is taken out: 0 for flat patches. */
  readonly var_zero_mean: number;
  readonly per_patch: readonly PatchSummary[];
}

export interface PatchSummary {
  readonly patch_idx: number;
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

/** @param patches `[patch, y, x]` */
export function patchStatistics(
  patches: ComplexArray,
  phase: PatchStatistics["phase"],
  batchIndex: number,
): PatchStatistics {
  const count = patches.shape[0];
  const size = patches.data.length / 2 / count;
  const per_patch = Array.from({ length: count }, (_, k) => summary(patches.data, k, size));
  const mean = average(per_patch.map((patch) => patch.mean));
  const within = average(per_patch.map((patch) => patch.std ** 2));
  const between = average(per_patch.map((patch) => (patch.mean - mean) ** 2));
  return {
    phase,
    batch_idx: batchIndex,
    batch_size: count,
    global_mean: mean,
    global_std: Math.sqrt(within + between),
    var_zero_mean: within,
    per_patch,
  };
}

function summary(data: Float32Array, index: number, size: number): PatchSummary {
  const amplitudes = Float64Array.from({ length: size }, (_, i) => {
    const at = 2 * (index * size + i);
    return Math.hypot(data[at], data[at + 1]);
  });
  const mean = average(amplitudes);
  return {
    patch_idx: index,
    mean,
    std: Math.sqrt(average(amplitudes.map((value) => (value - mean) ** 2))),
    min: amplitudes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    max: amplitudes.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  };
}

function average(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
