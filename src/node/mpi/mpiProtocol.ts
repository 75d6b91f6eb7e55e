import type { PlainError } from "../../errors.ts";
import type { Launch } from "./launcher.ts";
import type { LibraryFamily } from "./library.ts";

/** What the thread that makes every MPI call is born with. */
export interface MpiWorkerData {
  readonly launch: Launch;
  /** What `PTYCHONAUT_MPI` names. */
  readonly named?: string;
}

/** Shared memory goes to and fro; the thread works in place. */
export type MpiJob =
  | { readonly kind: "sum"; readonly values: Float32Array<SharedArrayBuffer> | Float64Array<SharedArrayBuffer> }
  | { readonly kind: "broadcast"; readonly bytes: Uint8Array<SharedArrayBuffer> }
  /** Everybody's `own` of one length, one after the other in `all`. */
  | {
      readonly kind: "gather";
      readonly own: Uint8Array<SharedArrayBuffer>;
      readonly all: Uint8Array<SharedArrayBuffer>;
    }
  | { readonly kind: "barrier" }
  | { readonly kind: "close" };

/** What became of MPI. */
export interface MpiReady {
  readonly rank: number;
  readonly size: number;
  readonly path: string;
  readonly family: LibraryFamily;
  readonly version: string;
}

export type MpiReply =
  | { readonly kind: "ready"; readonly ready: MpiReady }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: PlainError };
