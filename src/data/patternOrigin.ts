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
