import type { Batch, BatchRequest } from "../../data/batches.ts";
import type { Measurement, PatternPart, PreparedOrigin } from "../../data/dataset.ts";
import type { GroupGeometry } from "../../data/groupGeometry.ts";
import type { Groups } from "../../data/grouping.ts";
import type { LabelSource } from "../../data/labels.ts";
import type { ChunkedOrigin, FileOrigin } from "../../data/patternOrigin.ts";
import type { PlainError } from "../../errors.ts";

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

/** What another thread makes Patterns of: their origin, with what only this thread has copied into shared memory. */
export type PatternsToOpen =
  | SharedPatterns
  | FileOrigin
  | ChunkedOrigin
  | SelectedToOpen
  | PreparedToOpen
  | JoinedToOpen;

export interface SelectedToOpen {
  readonly kind: "selected";
  readonly patterns: PatternsToOpen;
  readonly frames: readonly number[];
}

export type PreparedToOpen = Omit<PreparedOrigin, "patterns"> & { readonly patterns: PatternsToOpen };

export interface JoinedToOpen {
  readonly kind: "joined";
  readonly parts: readonly (Omit<PatternPart, "patterns"> & { readonly patterns: PatternsToOpen })[];
}

/** Patterns in memory that threads share. */
export interface SharedPatterns {
  readonly kind: "shared";
  readonly data: Float32Array<SharedArrayBuffer>;
  readonly shape: readonly [count: number, height: number, width: number];
}

export interface BatchJob {
  readonly id: number;
  readonly request: BatchRequest;
}

export type BatchReply =
  | { readonly id: number; readonly batch: Batch }
  /** What the thread tripped over: data that it cannot read. */
  | { readonly id: number; readonly error: PlainError };
