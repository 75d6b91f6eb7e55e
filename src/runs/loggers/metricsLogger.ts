import type { EpochRecord } from "../../training/trainingState.ts";

/** How a run ended, and what it wrote. */
export interface RunEnd {
  readonly status: "finished" | "interrupted" | "failed";
  readonly message: string;
  readonly files: readonly string[];
}

/** Where the numbers of each epoch go. */
export interface MetricsLogger {
  /** What it has written so far; the log itself comes first. */
  readonly files: readonly string[];
  log(record: EpochRecord): Promise<void>;
  /** Called once, after the last file of the run was written or when it failed. */
  finish(end: RunEnd): Promise<void>;
}
