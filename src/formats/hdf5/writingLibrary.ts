import type { Hdf5FileNode, Hdf5FileSystem, Hdf5Library } from "./library.ts";

/** The library with what it has for writing. */
export interface WritingLibrary extends Hdf5Library {
  readonly FS: Hdf5FileSystem;
  create_group(file: bigint, path: string, trackOrder: boolean): number;
  create_dataset(file: bigint, path: string, pointer: bigint, type: TypeToWrite): number;
  create_vlen_str_dataset(file: bigint, path: string, data: readonly string[], type: TypeToWrite): number;
  create_attribute(file: bigint, path: string, name: string, pointer: bigint, type: TypeToWrite): number;
  create_vlen_str_attribute(
    file: bigint,
    path: string,
    name: string,
    data: readonly string[],
    type: TypeToWrite,
  ): number;
  create_soft_link(file: bigint, target: string, path: string): number;
  resize_dataset(file: bigint, path: string, shape: readonly bigint[]): number;
  /** Writes a box of elements. */
  set_dataset_data(
    file: bigint,
    path: string,
    count: readonly bigint[],
    offset: readonly bigint[],
    strides: readonly bigint[],
    pointer: bigint,
  ): number;
}

/** Type and shape of what is made. One filter at most. */
export interface TypeToWrite {
  readonly type: number;
  readonly size: number;
  readonly signed: boolean;
  readonly littleEndian: true;
  readonly vlen: boolean;
  readonly cset?: number;
  readonly compound_type?: { readonly members: readonly object[]; readonly nmembers: number };
  readonly shape: readonly bigint[];
  readonly maxshape: readonly bigint[];
  readonly chunks?: readonly bigint[];
  readonly compression?: number;
  readonly compression_opts?: readonly number[];
}

export const writingLibrary = (library: Hdf5Library): WritingLibrary => library as WritingLibrary;

/** A node of the library's file system that can be written. */
export interface WritableNode extends Omit<Hdf5FileNode, "node_ops" | "stream_ops"> {
  node_ops: {
    getattr(node: unknown): unknown;
    setattr(node: unknown, attributes: { readonly size?: number }): void;
  };
  stream_ops: {
    readonly llseek: unknown;
    read(stream: unknown, into: Uint8Array, offset: number, length: number, position: number): number;
    write(stream: unknown, from: Uint8Array, offset: number, length: number, position: number): number;
  };
}
