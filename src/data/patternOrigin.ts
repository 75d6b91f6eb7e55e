import type { RealDtype } from "../arrays.ts";

/** Only the thread that has them can read them, also out of a file of its own; others are handed copies. */
export interface MemoryOrigin {
  readonly kind: "memory";
}

/** One stretch of a file, `[frame, y, x]` with whole frames one after the other. */
export interface FileOrigin {
  readonly kind: "file";
  readonly path: string;
  /** What the file was like when it was opened; who opens it again finds the same, or does not read it. */
  readonly stamp?: string;
  /** Of the first element, bytes. */
  readonly offset: number;
  readonly dtype: RealDtype;
  readonly itemSize: number;
  readonly littleEndian: boolean;
  readonly shape: readonly [count: number, height: number, width: number];
  /** Within a frame the elements go down the columns. */
  readonly columnMajor: boolean;
  /** Where the file has the zero frequency: index floor(n/2), or index 0. */
  readonly dcAt: "center" | "corner";
}

/** An array of a file in chunks, `[…, y, x]`: its frames are numbered through over all axes before the last two. */
export interface ChunkedOrigin {
  readonly kind: "chunked";
  readonly path: string;
  readonly stamp?: string;
  /** The array's name in the file. */
  readonly key: string;
  readonly dtype: RealDtype;
  readonly itemSize: number;
  readonly shape: readonly [count: number, height: number, width: number];
  readonly dcAt: "center" | "corner";
}
