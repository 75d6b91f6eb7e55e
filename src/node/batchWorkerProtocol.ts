import type { Batch, BatchRequest } from "../data/batches.ts";
import type { Measurement } from "../data/dataset.ts";
import type { GroupGeometry } from "../data/groupGeometry.ts";
import type { Groups } from "../data/grouping.ts";
import type { LabelSource } from "../data/labels.ts";
import type { PatternFile } from "../data/patternFile.ts";

/** What a batch worker is born with. Patterns (unless in a file) and labels are shared memory; all else is small and copied. */
export interface BatchWorkerData {
  readonly patterns: SharedPatterns | PatternFile;
  readonly measurement: Measurement;
  readonly inputScale: number;
  readonly mask?: Float32Array;
  readonly groups: Groups;
  readonly geometry: GroupGeometry;
  readonly labels?: LabelSource;
}

/** Patterns in memory that threads share. */
export interface SharedPatterns {
  readonly data: Float32Array<SharedArrayBuffer>;
  readonly shape: readonly [count: number, height: number, width: number];
}

export interface BatchJob {
  readonly id: number;
  readonly request: BatchRequest;
}

export interface BatchReply {
  readonly id: number;
  readonly batch: Batch;
}
