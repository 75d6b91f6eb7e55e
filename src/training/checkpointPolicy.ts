import type { MonitorMode } from "./earlyStopping.ts";

/** Which epochs' checkpoints stay: −1 all, 0 none (beside the last), k the k best by the monitored value. */
export interface CheckpointPolicy {
  readonly saveTopK: number;
  readonly mode: MonitorMode;
}

export interface KeptCheckpoint {
  /** Epochs done when it was written. */
  readonly epoch: number;
  readonly value: number;
}

export interface Selection {
  /** In the order of their epochs. */
  readonly kept: readonly KeptCheckpoint[];
  /** Whether the candidate is among them. */
  readonly keep: boolean;
  readonly dropped: readonly KeptCheckpoint[];
}

/** Decides about one more checkpoint. Of equal values the earlier stays. */
export function select(
  { saveTopK, mode }: CheckpointPolicy,
  kept: readonly KeptCheckpoint[],
  candidate: KeptCheckpoint,
): Selection {
  const all = [...kept, candidate];
  if (saveTopK < 0) return { kept: all, keep: true, dropped: [] };
  const sign = mode === "min" ? 1 : -1;
  const ranked = all
    .filter(({ value }) => !Number.isNaN(value))
    .sort((a, b) => sign * (a.value - b.value) || a.epoch - b.epoch);
  const chosen = new Set(ranked.slice(0, saveTopK));
  return {
    kept: all.filter((checkpoint) => chosen.has(checkpoint)),
    keep: chosen.has(candidate),
    dropped: kept.filter((checkpoint) => !chosen.has(checkpoint)),
  };
}
