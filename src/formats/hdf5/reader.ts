import type { ArrayHeader } from "../arrayFile.ts";
import type { NpyArray } from "../npy.ts";
import type { Bitshuffled } from "./direct/bitshuffle.ts";

/** What is known of a dataset before its elements are read. */
export interface Hdf5Header {
  readonly shape: readonly number[];
  readonly dtype: ArrayHeader["dtype"];
  /** In words, of what is not read (dtype "object"). */
  readonly kind?: string;
  readonly itemSize: number;
  /** Of a dataset that is stored in chunks. */
  readonly chunks?: readonly number[];
}

export interface BitshuffledDataset extends Bitshuffled {
  /** The file that it is in: "" for this one, else its path from this one's folder. */
  readonly file: string;
  /** Of what describes the dataset, as references within that file have it. */
  readonly address: number;
}

/** Part of an array: along each of its axes, from where and how many. */
export interface Box {
  readonly start: readonly number[];
  readonly count: readonly number[];
}

/**
 * An HDF5 file in plain data, so that it may be open in another thread than the one that asks. Paths are without a leading
 * slash and may go through links; "" is the file itself. All throw PtychonautError "data" for what is broken or not there.
 */
export interface Hdf5Reader {
  /** Paths of datasets. */
  readonly keys: readonly string[];
  /** Paths of links that lead nowhere. */
  readonly brokenLinks: readonly string[];
  /** Numbers of the filters of all datasets, also of those in files that it leads to. */
  readonly filters: readonly number[];
  /** Whether a path leads to a dataset. */
  has(path: string): boolean;
  header(path: string): Hdf5Header;
  /** Of a dataset or a group; those of kinds that are not read are left out. */
  attributes(path: string): Readonly<Record<string, NpyArray>>;
  /** Elements as little-endian bytes, row-major. */
  bytes(path: string, box: Box): Uint8Array<ArrayBuffer>;
  texts(path: string): readonly string[];
  /** Where all elements lie in the file as they are, bytes; undefined where they do not. */
  offset(path: string): number | undefined;
  /** Of a dataset of little-endian numbers whose chunks are bitshuffled and nothing else; else undefined. */
  bitshuffled(path: string): BitshuffledDataset | undefined;
  close(): void;
}
