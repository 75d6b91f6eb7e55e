import type { Batch, BatchRequest } from "../data/batches.ts";
import type { Measurement } from "../data/dataset.ts";
import type { GroupGeometry } from "../data/groupGeometry.ts";
import type { Groups } from "../data/grouping.ts";
import type { LabelSource } from "../data/labels.ts";

/** What a batch worker is born with. Patterns and labels are shared memory; everything else is small and copied. */
export interface BatchWorkerData {
  readonly patterns: Float32Array<SharedArrayBuffer>;
  readonly shape: readonly [count: number, height: number, width: number];
  readonly measurement: Measurement;
  readonly inputScale: number;
  readonly mask?: Float32Array;
  readonly groups: Groups;
  readonly geometry: GroupGeometry;
  readonly labels?: LabelSource;
}

export interface BatchJob {
  readonly id: number;
  readonly request: BatchRequest;
}

export interface BatchReply {
  readonly id: number;
  readonly batch: Batch;
}
