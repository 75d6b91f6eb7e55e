import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import type { ArrayHeader } from "../arrayFile.ts";
import type { ByteSource } from "../byteSource.ts";
import { decodeElements, type NpyArray, type NumericDtype } from "../npy.ts";
import { checkFilters, installPlugins } from "./filters.ts";
import { type Hdf5Kind, kindOf } from "./kinds.ts";
import { guarded, type Hdf5Library, type Hdf5Metadata, hdf5Library, quietly } from "./library.ts";
import { type MountedFile, mount } from "./mount.ts";
import { readTexts } from "./texts.ts";
import { BROKEN_EXTERNAL, BROKEN_LINK, DATASET, walkTree } from "./walk.ts";

/** What is known of a dataset before its elements are read. */
export interface Hdf5Header {
  readonly shape: readonly number[];
  readonly dtype: ArrayHeader["dtype"];
  readonly kind?: string;
  readonly itemSize: number;
  /** Of a dataset that is stored in chunks. */
  readonly chunks?: readonly number[];
}

/** Part of an array: along each of its axes, from where and how many. */
export interface Box {
  readonly start: readonly number[];
  readonly count: readonly number[];
}

/** An HDF5 file in plain data, so that it may be open in another thread than the one that asks. */
export interface Hdf5Reader {
  /** Paths of datasets. */
  readonly keys: readonly string[];
  /** Whether a path leads to a dataset. */
  has(path: string): boolean;
  /** @throws PtychonautError "data" when there is none, or it is broken */
  header(path: string): Hdf5Header;
  /** Of a dataset or a group; those that cannot be read are left out. */
  attributes(path: string): Readonly<Record<string, NpyArray>>;
  /** Elements as little-endian bytes, row-major. */
  bytes(path: string, box: Box): Uint8Array<ArrayBuffer>;
  texts(path: string): readonly string[];
  /** Where all elements lie in the file as they are, bytes; undefined where they do not. */
  offset(path: string): number | undefined;
  close(): void;
}

let opened = 0;

/** Opens an HDF5 file in this thread. @throws PtychonautError "data" when it is damaged */
export async function openHere(source: ByteSource, where: string): Promise<Hdf5Reader> {
  const library = await hdf5Library();
  const folder = `/open/${++opened}`;
  library.FS.mkdirTree(folder);
  const mounted = mount(library, `${folder}/file.h5`, source);
  const unmount = (): void => {
    mounted.unmount();
    library.FS.rmdir(folder);
  };
  try {
    const id = guarded(library, "damaged or truncated HDF5 file", where, () =>
      library.open(mounted.path, 0, false, -1, -1),
    );
    const { datasets } = walkTree(library, id);
    await installPlugins(library, filtersOf(library, id, datasets));
    return reader({ library, id, mounted, unmount, where, datasets });
  } catch (error) {
    unmount();
    throw error;
  }
}

interface OpenedFile {
  readonly library: Hdf5Library;
  readonly id: bigint;
  readonly mounted: MountedFile;
  readonly unmount: () => void;
  readonly where: string;
  readonly datasets: readonly string[];
}

const filtersOf = (library: Hdf5Library, id: bigint, datasets: readonly string[]): Set<number> =>
  new Set(
    datasets.flatMap((path) =>
      (quietly(library, () => library.get_dataset_filters(id, path)) ?? []).map((filter) => filter.id),
    ),
  );

function reader({ library, id, mounted, unmount, where, datasets }: OpenedFile): Hdf5Reader {
  const place = (path: string): string => `${where}: ${path}`;
  const attempt = <T>(what: string, path: string, call: () => T): T => guarded(library, what, place(path), call);
  const described = new Map<string, Hdf5Metadata>();

  const metadata = (path: string): Hdf5Metadata => {
    const known = described.get(path);
    if (known !== undefined) return known;
    const type = quietly(library, () => library.get_type(id, path)) ?? -1;
    if (type !== DATASET) throw notThere(path, type);
    const found = attempt("the array cannot be read", path, () => library.get_dataset_metadata(id, path));
    described.set(path, found);
    return found;
  };

  const notThere = (path: string, type: number): PtychonautError => {
    if (type === BROKEN_LINK) {
      const target = quietly(library, () => library.get_symbolic_link(id, path));
      return new PtychonautError("data", `the link "${path}" leads to nothing`, { where, got: `a link to ${target}` });
    }
    if (type === BROKEN_EXTERNAL) {
      const link = quietly(library, () => library.get_external_link(id, path));
      return new PtychonautError("data", `the link "${path}" leads to another file that is not there`, {
        where,
        got: `a link to ${link?.obj_path} in ${link?.filename}`,
        fix: "put that file where the link says, from the folder of this one",
      });
    }
    return new PtychonautError("data", `no array "${path}"`, {
      where,
      expected: `one of ${datasets.slice(0, 40).join(", ")}`,
    });
  };

  const header = (path: string): Hdf5Header => {
    const found = metadata(path);
    const { inner, ...kind } = kindOf(found);
    const { chunks } = found;
    return {
      ...kind,
      shape: [...(found.shape ?? [0]), ...inner],
      ...(chunks === null ? {} : { chunks: [...chunks, ...inner] }),
    };
  };

  const readable = (path: string): Hdf5Metadata => {
    const found = metadata(path);
    checkFilters(
      attempt("the array cannot be read", path, () => library.get_dataset_filters(id, path)),
      place(path),
    );
    return found;
  };

  const bytes = (path: string, { start, count }: Box): Uint8Array<ArrayBuffer> => {
    const found = readable(path);
    const { inner, itemSize } = kindOf(found);
    const size = sizeOf(count) * itemSize;
    if (size === 0) return new Uint8Array(0);
    const rank = count.length - inner.length;
    const [offset, extent] = [start, count].map((of) => of.slice(0, rank).map(BigInt));
    return borrowed(library, size, (pointer) => {
      attempt("the array cannot be read", path, () =>
        rank === 0
          ? library.get_dataset_data(id, path, null, null, null, BigInt(pointer))
          : library.get_dataset_data(
              id,
              path,
              extent,
              offset,
              extent.map(() => 1n),
              BigInt(pointer),
            ),
      );
      return library.HEAPU8.slice(pointer, pointer + size);
    });
  };

  return {
    keys: datasets,
    has: (path) => quietly(library, () => library.get_type(id, path)) === DATASET,
    header,
    attributes: (path) => readAttributes(library, id, path, place(path)),
    bytes,
    texts: (path) => {
      const type = readable(path);
      return readTexts(library, type, place(path), {
        read: (pointer) => library.get_dataset_data(id, path, null, null, null, pointer),
        reclaim: (pointer) => library.reclaim_vlen_memory(id, path, "", pointer),
      });
    },
    offset: (path) => (header(path).chunks === undefined ? placeOf(path, header(path)) : undefined),
    close() {
      quietly(library, () => library.close_file(id));
      unmount();
    },
  };

  /** Found by looking where the library reads: elements that lie as they are, it reads from there in one go. */
  function placeOf(path: string, { shape, itemSize }: Hdf5Header): number | undefined {
    const type = metadata(path);
    const rows = shape[0];
    const size = sizeOf(shape) * itemSize;
    if (!type.littleEndian || type.virtual_sources !== undefined || type.type === TEXT || size < SIEVE)
      return undefined;
    const row = size / rows;
    const some = Math.ceil(SIEVE / row);
    const readAt = (first: number): number | undefined => {
      mounted.takeReads();
      bytes(path, { start: [first, ...shape.slice(1).map(() => 0)], count: [some, ...shape.slice(1)] });
      return mounted.takeReads().find(([, length]) => length === some * row)?.[0];
    };
    if (some > rows) return undefined;
    const [begin, end] = [readAt(0), readAt(rows - some)];
    return begin !== undefined && end === begin + size - some * row ? begin : undefined;
  }
}

const TEXT = 3;
/** Smaller reads go through a buffer of the library, more at a time than was asked for. */
const SIEVE = 2 ** 16 + 1;

/** Memory of the library for as long as a call takes. */
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

/** Bytes of one attribute; more is no remark on the data. */
const MOST_ATTRIBUTE_BYTES = 2 ** 20;

function readAttributes(
  library: Hdf5Library,
  id: bigint,
  path: string,
  where: string,
): Readonly<Record<string, NpyArray>> {
  const group = path === "" ? "/" : path;
  const names = quietly(library, () => library.get_attribute_names(id, group)) ?? [];
  const attributes: Record<string, NpyArray> = {};
  for (const name of names) {
    const value = quietly(library, () => readAttribute(library, id, group, name, `${where}: ${name}`));
    if (value !== undefined) Object.defineProperty(attributes, name, { value, enumerable: true });
  }
  return attributes;
}

function readAttribute(
  library: Hdf5Library,
  id: bigint,
  path: string,
  name: string,
  where: string,
): NpyArray | undefined {
  const type = library.get_attribute_metadata(id, path, name);
  const { dtype, itemSize, inner }: Hdf5Kind = kindOf(type);
  const shape = [...(type.shape ?? [0]), ...inner];
  const size = sizeOf(shape) * itemSize;
  if (dtype === "object" || size > MOST_ATTRIBUTE_BYTES) return undefined;
  const read = (pointer: bigint): number => library.get_attribute_data(id, path, name, pointer);
  if (dtype === "string") {
    const reclaim = (pointer: bigint): number => library.reclaim_vlen_memory(id, path, name, pointer);
    return { shape, dtype, data: readTexts(library, type, where, { read, reclaim }) };
  }
  const bytes = borrowed(library, Math.max(1, size), (pointer) => {
    if (size > 0) read(BigInt(pointer));
    return library.HEAPU8.slice(pointer, pointer + size);
  });
  const numeric = dtype as NumericDtype;
  return {
    shape,
    dtype: numeric,
    data: decodeElements({ dtype: numeric, itemSize, littleEndian: true }, bytes, where),
  };
}
