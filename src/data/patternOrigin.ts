/** Only the thread that has them can read them; others are handed copies. */
export interface MemoryOrigin {
  readonly kind: "memory";
}

/** One stretch of a file, `[frame, y, x]` with whole frames one after the other. */
export interface FileOrigin {
  readonly kind: "file";
  readonly path: string;
  /** Of the first element, bytes. */
  readonly offset: number;
  readonly dtype: PatternDtype;
  readonly itemSize: number;
  readonly littleEndian: boolean;
  readonly shape: readonly [count: number, height: number, width: number];
  /** Within a frame the elements go down the columns. */
  readonly columnMajor: boolean;
  /** Where the file has the zero frequency: index floor(n/2), or index 0. */
  readonly dcAt: "center" | "corner";
}

/** Real number types, in NumPy's words. */
export type PatternDtype =
  | "bool"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float16"
  | "float32"
  | "float64";
