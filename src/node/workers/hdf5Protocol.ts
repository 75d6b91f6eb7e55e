import type { MessagePort } from "node:worker_threads";
import type { PlainError } from "../../errors.ts";
import type { Hdf5Reader } from "../../formats/hdf5/reader.ts";

/** What an HDF5 worker is born with. */
export interface Hdf5WorkerData {
  readonly port: MessagePort;
  readonly shared: SharedArrayBuffer;
}

/** Bytes of files that cross at a time. */
export const MAILBOX_BYTES: number = 2 ** 20;

/**
 * What the two threads share: numbers, and after them bytes of a file. A thread that waits sleeps on its own counter, which
 * the other one raises.
 */
export const SLOTS: Readonly<Record<"toMain" | "toWorker" | "length" | "busy" | "waited" | "calls", number>> = {
  /** Messages to the main thread. */
  toMain: 0,
  /** Answers to reads. */
  toWorker: 1,
  /** Bytes that were read; negative where that failed. */
  length: 2,
  /** Requests that the worker works on, without those for which it waits for the main thread. */
  busy: 3,
  /** Milliseconds that it has waited for it in all. */
  waited: 4,
  /** Calls of the library that came to an end. */
  calls: 5,
};
const HEADER_BYTES = 4 * Object.keys(SLOTS).length;

export const sharedMailbox = (): SharedArrayBuffer => new SharedArrayBuffer(HEADER_BYTES + MAILBOX_BYTES);
export const slotsOf = (shared: SharedArrayBuffer): Int32Array<SharedArrayBuffer> =>
  new Int32Array(shared, 0, Object.keys(SLOTS).length);
export const bytesOf = (shared: SharedArrayBuffer): Uint8Array<SharedArrayBuffer> =>
  new Uint8Array(shared, HEADER_BYTES);

/** A file by its number, as both threads know it. */
export interface SharedFile {
  readonly number: number;
  readonly size: number;
}

/** What a file that has been opened says of itself. */
export type OpenedHdf5 = Pick<Hdf5Reader, "keys" | "brokenLinks" | "filters">;

export type ReaderMethod = Exclude<keyof Hdf5Reader, keyof OpenedHdf5 | "close">;

/** To the worker. */
export type Hdf5Request =
  | { readonly kind: "open"; readonly id: number; readonly file: SharedFile; readonly where: string }
  | {
      readonly kind: "call";
      readonly id: number;
      readonly file: number;
      readonly method: ReaderMethod;
      readonly args: readonly unknown[];
    }
  | { readonly kind: "neighbour"; readonly asked: number; readonly file: SharedFile | undefined }
  | { readonly kind: "close"; readonly file: number };

/** To the main thread. */
export type Hdf5Message =
  | { readonly kind: "value"; readonly id: number; readonly value: unknown }
  /** @param broken nothing that the library says from then on can be relied on */
  | { readonly kind: "error"; readonly id: number; readonly error: PlainError; readonly broken: boolean }
  | { readonly kind: "read"; readonly file: number; readonly offset: number; readonly length: number }
  /** @param file whose neighbour is wanted */
  | { readonly kind: "neighbour"; readonly asked: number; readonly file: number; readonly name: string };
