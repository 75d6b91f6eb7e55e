import type { ByteSource } from "./byteSource.ts";
import type { NpyArray, NpyHeader, NumericArray, NumericData } from "./npy.ts";

/** What is known of an array before its elements are read. */
export interface ArrayHeader extends Omit<NpyHeader, "dataOffset"> {
  /** In words, what the elements are where they are not read (dtype "object"). */
  readonly kind?: string;
}

/**
 * Named arrays in a file, whatever its container: what scan formats read from. Opening may be asynchronous
 * (`containers.ts`), everything after that is not.
 */
export interface ArrayFile {
  /** The container, as people call it: "NPZ". */
  readonly container: string;
  /** The file beside it whose arrays are among these. */
  readonly alsoFrom?: string;
  /** Names in the order of the file; where there are groups, paths. */
  readonly keys: readonly string[];
  /** Names that lead nowhere: asked for such an array, `header` says why. */
  readonly brokenLinks?: readonly string[];
  has(key: string): boolean;
  /** Shape and dtype. @throws PtychonautError "data" when there is no such array, or it is broken */
  header(key: string): ArrayHeader;
  /** Small values beside an array, by name; of the file as a whole without a key. */
  attributes(key?: string): Readonly<Record<string, NpyArray>>;
  /** A whole array, row-major. */
  read(key: string): NpyArray;
  /** @throws PtychonautError "data" when the array holds text */
  readNumbers(key: string): NumericArray;
  /**
   * Some of an array's images, `[image, y, x]` row-major: its last two axes, numbered through over all axes before them.
   * What verifies an array as a whole (a checksum) does not verify a part of it.
   */
  readImages(key: string, first: number, count: number): NumericData;
  /** The bytes of all elements in the order of the file, decompressed, piece by piece; verified in the end. */
  elements(key: string): Iterable<Uint8Array>;
  /** Where these bytes lie in the file as they are; undefined where they do not. */
  storedAt(key: string): StoredElements | undefined;
  /** How parts are read of an array in chunks, each on its own; undefined of one that is not. */
  chunked?(key: string): ChunkedElements | undefined;
  /** Other files that were opened for it: those that links lead to, or that describe it. */
  readonly beside?: readonly ByteSource[];
  /** Lets go of what the container holds. The source is whose it was. */
  close(): void;
}

export interface StoredElements {
  readonly source: ByteSource;
  /** Of the first element, bytes. */
  readonly offset: number;
}

/** Elements in chunks, of which each is decompressed as a whole. */
export interface ChunkedElements {
  /** The file that holds them; another thread that has it open reads them too. */
  readonly source: ByteSource;
  /** By which name that thread finds the array. */
  readonly key: string;
  readonly extents: readonly number[];
  /** Extents of a chunk. */
  readonly chunks: readonly number[];
  /** Elements as bytes, little-endian and row-major: along each axis from where and how many. */
  read(start: readonly number[], count: readonly number[]): Uint8Array;
  /** The same as float32 numbers into `out`, where that takes no bytes between. */
  readFloats?(start: readonly number[], count: readonly number[], out: Float32Array): void;
}
