import type { Batch, BatchRequest } from "../../data/batches.ts";
import type { Measurement } from "../../data/dataset.ts";
import type { GroupGeometry } from "../../data/groupGeometry.ts";
import type { Groups } from "../../data/grouping.ts";
import type { PatternPart } from "../../data/joinedScans.ts";
import type { LabelSource } from "../../data/labels.ts";
import type { PatternFile } from "../../data/patternFile.ts";

/** What a batch worker is born with. Patterns (unless in files) and labels are shared memory; all else is small and copied. */
export interface BatchWorkerData {
  readonly patterns: PatternsToOpen;
  readonly measurement: Measurement;
  readonly inputScale: number;
  readonly mask?: Float32Array;
  readonly groups: Groups;
  readonly geometry: GroupGeometry;
  readonly labels?: readonly LabelSource[];
  readonly experiments?: Int32Array;
}

/** What another thread makes Patterns of. */
export type PatternsToOpen = SharedPatterns | PatternFile | JoinedToOpen;

export interface JoinedToOpen {
  readonly parts: readonly (Omit<PatternPart, "patterns"> & { readonly patterns: PatternsToOpen })[];
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
