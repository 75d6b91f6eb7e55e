import { PtychonautError } from "../../errors.ts";

/**
 * The HDF5 library, compiled to WebAssembly (h5wasm). It is loaded when the first HDF5 file is opened or written, and runs
 * in this thread: in Node and in workers of a browser.
 *
 * What it is told of is kept in a file system of its own, in memory (`FS`); files outside are put there as nodes that read
 * from a `ByteSource` (`mount.ts`).
 */
export interface Hdf5Library {
  readonly FS: Hdf5FileSystem;
  /** The library's memory; another array after each call that may need more of it. */
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  /** @returns the file's id */
  open(path: string, mode: number, trackOrder: boolean, lowestVersion: number, highestVersion: number): bigint;
  close_file(file: bigint): number;
  flush(file: bigint): number;
  /** @returns paths of all links below a group; those behind soft and external links are not followed */
  get_names(file: bigint, group: string, recursive: boolean): string[];
  /** @returns what a path leads to: 0 a group, 1 a dataset, 2 a type. To be asked only where there is something: see `typeOf` */
  get_type(file: bigint, path: string): number;
  get_symbolic_link(file: bigint, path: string): string | null;
  get_external_link(file: bigint, path: string): { readonly filename?: string; readonly obj_path?: string };
  get_attribute_names(file: bigint, path: string): string[];
  get_attribute_metadata(file: bigint, path: string, name: string): Hdf5Metadata;
  get_attribute_data(file: bigint, path: string, name: string, pointer: bigint): number;
  get_dataset_metadata(file: bigint, path: string): Hdf5Metadata;
  get_dataset_filters(file: bigint, path: string): readonly Hdf5Filter[];
  /** Reads a box of elements, or all without one, as little-endian bytes. @returns negative where it failed */
  get_dataset_data(
    file: bigint,
    path: string,
    count: readonly bigint[] | null,
    offset: readonly bigint[] | null,
    strides: readonly bigint[] | null,
    pointer: bigint,
  ): number;
  /** Gives back what texts of any length took, of a dataset where the attribute has no name. */
  reclaim_vlen_memory(file: bigint, path: string, attribute: string, pointer: bigint): number;
  reclaim_vlen_memory_count(
    file: bigint,
    path: string,
    attribute: string,
    pointer: bigint,
    count: readonly bigint[],
  ): number;
  /** @returns what names an object within its file */
  create_object_reference(file: bigint, path: string): Uint8Array;
  get_plugin_search_paths(): string[];
  activate_throwing_error_handler(): number;
}

/** What the library says of a dataset's or an attribute's type and shape. */
export interface Hdf5Metadata {
  /** H5T_class_t: 0 integer, 1 float, 3 text, 4 bits, 5 opaque, 6 compound, 7 reference, 8 enum, 9 lists, 10 array, 11 complex. */
  readonly type: number;
  /** Of an element, bytes. */
  readonly size: number;
  readonly signed: boolean;
  readonly littleEndian: boolean;
  /** null where there is no value at all. */
  readonly shape: readonly number[] | null;
  readonly chunks: readonly number[] | null;
  /** Texts of any length. */
  readonly vlen: boolean;
  /** 0 ends at a zero, 1 filled up with zeros, 2 with spaces. */
  readonly strpad?: number;
  readonly compound_type?: { readonly members: readonly (Hdf5Metadata & { readonly name: string; offset: number })[] };
  readonly enum_type?: { readonly members: Readonly<Record<string, number>> };
  readonly array_type?: Hdf5Metadata;
  readonly virtual_sources?: readonly { readonly file_name: string; readonly dset_name: string }[];
}

export interface Hdf5Filter {
  readonly id: number;
  /** What it was told, by its own list. */
  readonly cd_values: readonly number[];
  readonly name: string;
}

/** The part of Emscripten's file system that is needed. */
export interface Hdf5FileSystem {
  mkdirTree(path: string): void;
  create(path: string): Hdf5FileNode;
  unlink(path: string): void;
  rmdir(path: string): void;
  readdir(path: string): readonly string[];
  isDir(mode: number): boolean;
  writeFile(path: string, bytes: Uint8Array): void;
  readFile(path: string): Uint8Array<ArrayBuffer>;
  stat(path: string): { readonly mode: number };
  analyzePath(path: string): { readonly exists: boolean };
  /** What a read throws that the library is to take for a failure of the disk. */
  readonly ErrnoError: new (
    code: number,
  ) => Error;
  readonly streams: readonly ({ readonly path?: string } | null | undefined)[];
  close(stream: unknown): void;
}

export interface Hdf5FileNode {
  node_ops: Readonly<Record<string, (node: Hdf5FileNode) => unknown>>;
  stream_ops: {
    readonly llseek: unknown;
    readonly read: (stream: unknown, into: Uint8Array, offset: number, length: number, position: number) => number;
  };
  usedBytes: number;
}

let loading: Promise<Hdf5Library> | undefined;
let damage: string | undefined;

/** The library of this thread. @throws PtychonautError "device" when an earlier file has broken it */
export function hdf5Library(): Promise<Hdf5Library> {
  if (damage !== undefined)
    throw new PtychonautError("device", "the HDF5 library broke on a damaged file", {
      got: damage,
      fix: "start the page or the program anew, and leave that file out",
    });
  loading ??= load();
  return loading;
}

/** What broke the library of this thread, if something did: nothing that it says from then on can be relied on. */
export const libraryDamage = (): string | undefined => damage;

async function load(): Promise<Hdf5Library> {
  const { ready } = await withInstances(catchStack, () => import("h5wasm"));
  const library = (await ready) as unknown as Hdf5Library;
  // Else what fails, a missing filter first of all, gives whatever was in memory.
  library.activate_throwing_error_handler();
  return library;
}

/** The library's stack: a report leaves it by an exception, and what was on it would stay there, until it is full. */
interface Stack {
  emscripten_stack_get_current(): number;
  _emscripten_stack_restore(pointer: number): void;
}

let stack: Stack | undefined;

function catchStack(exports: Readonly<Record<string, unknown>>): void {
  if ("H5Fopen" in exports && "_emscripten_stack_restore" in exports) stack = exports as unknown as Stack;
}

/** The part of WebAssembly that is needed; the core has no types of it. */
interface Instantiation {
  instantiate(...args: readonly unknown[]): Promise<{ readonly instance?: Instance } & Partial<Instance>>;
}
interface Instance {
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Looks at what is instantiated while something loads: the library keeps its stack to itself. */
async function withInstances<T>(look: (exports: Instance["exports"]) => void, work: () => Promise<T>): Promise<T> {
  const { WebAssembly: system } = globalThis as unknown as { readonly WebAssembly: Instantiation };
  const { instantiate } = system;
  system.instantiate = async (...args) => {
    const made = await instantiate.apply(system, args as []);
    look(made.instance?.exports ?? made.exports ?? {});
    return made;
  };
  try {
    const loaded = (await work()) as T & { readonly ready?: Promise<unknown> };
    await loaded.ready;
    return loaded;
  } finally {
    system.instantiate = instantiate;
  }
}

/**
 * Calls the library, and makes errors of its failures.
 * @param what could not be done, for the error
 * @throws PtychonautError "data"
 */
export function guarded<T>(library: Hdf5Library, what: string, where: string, call: () => T): T {
  const depth = stack?.emscripten_stack_get_current();
  try {
    return call();
  } catch (cause) {
    if (depth !== undefined) stack?._emscripten_stack_restore(depth);
    if (cause instanceof PtychonautError) throw cause;
    failed(library, cause);
    throw new PtychonautError("data", what, { where, got: reasonOf(cause), fix: "check or copy the file again" });
  }
}

/** The same where a failure is one of the answers: undefined. */
export function quietly<T>(library: Hdf5Library, call: () => T): T | undefined {
  const depth = stack?.emscripten_stack_get_current();
  try {
    return call();
  } catch (cause) {
    if (depth !== undefined) stack?._emscripten_stack_restore(depth);
    failed(library, cause);
    return undefined;
  }
}

/** After a failure that the library reports it can be used; after one of its own, a wild pointer say, it cannot. */
function failed({ FS }: Hdf5Library, cause: unknown): void {
  if (!(cause instanceof Error) || ["RuntimeError", "RangeError", "TypeError"].includes(cause.name))
    damage ??= String(cause).split("\n")[0];
  // It writes each report into a file that it then leaves open.
  for (const stream of [...FS.streams]) if (stream?.path?.startsWith("/tmp/")) FS.close(stream);
}

/** Memory of the library for as long as a call takes. @throws PtychonautError "memory" */
export function borrowed<T>(library: Hdf5Library, size: number, use: (pointer: number) => T): T {
  const pointer = library._malloc(size);
  if (pointer === 0)
    throw new PtychonautError("memory", "the HDF5 library has no memory left", { got: `${size} bytes` });
  try {
    return use(pointer);
  } finally {
    library._free(pointer);
  }
}

/** The innermost of the library's reasons; its source lines and addresses are for its authors. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const reasons = [...text.matchAll(/#\d+: .*? in \w+\(\): (.*)/g)].map(([, reason]) => reason);
  return (reasons.at(-1) ?? text.split("\n")[0]).slice(0, 300);
}
