import type { PlainError } from "../../errors.ts";
import type { GradientModel } from "../../training/steps.ts";
import type { StepBatch } from "../../training/trainingStep.ts";

/** What a replica is born with. All vectors are shared memory. */
export interface ReplicaData {
  readonly model: GradientModel;
  /** Threads inside an operator. */
  readonly threads: number;
  /** Written by the main thread before each job. */
  readonly parameters: Float32Array<SharedArrayBuffer>;
  readonly state: Float32Array<SharedArrayBuffer>;
  /** Written by the replica: `[gradients…, loss, measures…]`, and the new untrained state. */
  readonly total: Float32Array<SharedArrayBuffer>;
  readonly nextState: Float32Array<SharedArrayBuffer>;
}

export interface ReplicaJob {
  readonly batches: readonly StepBatch[];
}

/** Sent when the session is loaded, and when a job is done or has failed. */
export type ReplicaReply =
  | { readonly kind: "ready" }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: PlainError };
