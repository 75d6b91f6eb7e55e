/** How a run ended, and what it wrote. */
export interface RunEnd {
  readonly status: "finished" | "interrupted" | "failed";
  readonly message: string;
  readonly files: readonly string[];
}

/** What is logged of an epoch, by name; an empty text where there is no number. */
export interface MetricRow extends Readonly<Record<string, string | number>> {
  readonly epoch: number;
  /** By which curves are drawn; it only grows. */
  readonly step: number;
}

/** Where the numbers of each epoch go. */
export interface MetricsLogger {
  /** What it has written so far; the log itself comes first. */
  readonly files: readonly string[];
  log(row: MetricRow): Promise<void>;
  /** Called once, after the last file of the run was written or when it failed. */
  finish(end: RunEnd): Promise<void>;
}
