import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import type { ByteSource } from "../byteSource.ts";
import { namesText } from "../foldedNames.ts";
import type { Neighbours } from "../neighbours.ts";
import { readAttributes } from "./attributes.ts";
import { bitshuffledAlone } from "./direct/bitshuffle.ts";
import { checkFilters, installPlugins } from "./filters.ts";
import { kindOf } from "./kinds.ts";
import { borrowed, guarded, type Hdf5Library, type Hdf5Metadata, hdf5Library, quietly } from "./library.ts";
import { type Links, linksOf } from "./links.ts";
import { type MountedFile, mount, removeTree, type Sources } from "./mount.ts";
import { checkSources, openNeighbourhood } from "./neighbourhood.ts";
import { DATASET, typeOf } from "./objects.ts";
import type { Box, Hdf5Header, Hdf5Reader } from "./reader.ts";
import { placeInFile } from "./storedPlace.ts";
import { readTexts } from "./texts.ts";
import { roomyFolder } from "./virtualPaths.ts";
import { type Walked, walk } from "./walk.ts";

let opened = 0;

/** Opens an HDF5 file in this thread. @throws PtychonautError "data" when it is damaged */
export async function openHere(source: ByteSource, where: string, neighbours: Neighbours): Promise<Hdf5Reader> {
  const library = await hdf5Library();
  const { root, folder } = roomyFolder(++opened);
  const own = /[^\\/]*$/.exec(where)?.[0] || "file";
  library.FS.mkdirTree(folder);
  const sources: Sources = { bytes: 0 };
  const mounted = mount(library, `${folder}/${own}`, source, sources);
  let id: bigint | undefined;
  const close = (): void => {
    if (id !== undefined) quietly(library, () => library.close_file(id!));
    removeTree(library, root);
  };
  try {
    id = guarded(library, "damaged or truncated HDF5 file", where, () => library.open(mounted.path, 0, false, -1, -1));
    const filters = await openNeighbourhood(library, { folder, own, id, where, sources }, neighbours);
    await installPlugins(library, filters);
    const links = linksOf(library, id);
    const walked = walk(library, id, own, links, where);
    const all = { library, id, mounted, sources, folder, where, links, filters: [...filters], ...walked, close };
    return unlessFailed(readerOf(all), sources);
  } catch (error) {
    close();
    throw sources.failure ?? error;
  }
}

/** What a reader says after a source has failed follows from the failure, which is told instead. */
function unlessFailed(reader: Hdf5Reader, sources: Sources): Hdf5Reader {
  const watched =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      const answer = attempted(() => call(...args));
      if (sources.failure !== undefined) throw sources.failure;
      if ("error" in answer) throw answer.error;
      return answer.value;
    };
  const { keys, brokenLinks, filters, has, header, attributes, bytes, texts, offset, bitshuffled, close } = reader;
  return {
    ...{ keys, brokenLinks, filters, close, has: watched(has), header: watched(header) },
    ...{ attributes: watched(attributes), bytes: watched(bytes), texts: watched(texts), offset: watched(offset) },
    bitshuffled: watched(bitshuffled),
  };
}

interface OpenedFile extends Walked {
  readonly library: Hdf5Library;
  readonly id: bigint;
  readonly mounted: MountedFile;
  readonly sources: Sources;
  readonly folder: string;
  readonly where: string;
  readonly links: Links;
  readonly filters: readonly number[];
  readonly close: () => void;
}

function readerOf({
  library,
  id,
  mounted,
  sources,
  folder,
  where,
  links,
  filters,
  datasets,
  brokenLinks,
  close,
}: OpenedFile): Hdf5Reader {
  const place = (path: string): string => `${where}: ${path}`;
  const attempt = <T>(path: string, call: () => T): T =>
    guarded(library, "the array cannot be read", place(path), call);
  const described = new Map<string, Hdf5Metadata>();
  const checked = new Set<string>();
  const isDataset = (path: string): boolean =>
    path !== "" && links.leads(path) && typeOf(library, id, path) === DATASET;

  const metadata = (path: string): Hdf5Metadata => {
    const known = described.get(path);
    if (known !== undefined) return known;
    if (!isDataset(path)) throw notThere(library, id, links.has(path), path, where, datasets);
    const found = attempt(path, () => library.get_dataset_metadata(id, path));
    described.set(path, found);
    return found;
  };
  const header = (path: string): Hdf5Header => {
    const found = metadata(path);
    const { inner, ...kind } = kindOf(found);
    const { chunks, shape } = found;
    return {
      ...kind,
      shape: [...(shape ?? [0]), ...inner],
      ...(chunks === null ? {} : { chunks: [...chunks, ...inner] }),
    };
  };
  /** Whether all that its elements need is there. */
  const readable = (path: string): Hdf5Metadata => {
    const found = metadata(path);
    if (checked.has(path)) return found;
    checkExpansion(header(path), sources.bytes, place(path));
    checkFilters(
      attempt(path, () => library.get_dataset_filters(id, path)),
      place(path),
    );
    if (found.virtual_sources !== undefined) checkSources(library, { id, path, folder }, place(path));
    checked.add(path);
    return found;
  };
  const bytes = (path: string, { start, count }: Box): Uint8Array<ArrayBuffer> => {
    const { inner, itemSize } = kindOf(readable(path));
    const size = sizeOf(count) * itemSize;
    if (size === 0) return new Uint8Array(0);
    const rank = count.length - inner.length;
    const [from, extent] = [start, count].map((of) => of.slice(0, rank).map(BigInt));
    return borrowed(library, size, (pointer) => {
      const status = attempt(path, () =>
        rank === 0
          ? library.get_dataset_data(id, path, null, null, null, BigInt(pointer))
          : library.get_dataset_data(id, path, extent, from, Array<bigint>(rank).fill(1n), BigInt(pointer)),
      );
      if (status < 0) throw new PtychonautError("data", "the array cannot be read", { where: place(path) });
      return library.HEAPU8.slice(pointer, pointer + size);
    });
  };

  return {
    keys: datasets,
    brokenLinks,
    filters,
    has: isDataset,
    header,
    attributes: (path) => (path === "" || links.leads(path) ? readAttributes(library, id, path, where) : {}),
    bytes,
    texts: (path) =>
      readTexts(library, readable(path), place(path), {
        read: (pointer) => library.get_dataset_data(id, path, null, null, null, pointer),
        reclaim: (pointer) => library.reclaim_vlen_memory(id, path, "", pointer),
      }),
    offset(path) {
      const type = metadata(path);
      const plain = type.chunks === null && type.littleEndian && type.virtual_sources === undefined;
      return plain ? placeInFile(header(path), mounted, (box) => bytes(path, box)) : undefined;
    },
    bitshuffled(path) {
      const type = readable(path);
      const plain = type.chunks !== null && type.littleEndian && type.virtual_sources === undefined;
      const file = plain ? links.fileOf(path) : undefined;
      if (file === undefined || !/^(bool|u?int|float)\d*$/.test(kindOf(type).dtype)) return undefined;
      const stored = bitshuffledAlone(
        attempt(path, () => library.get_dataset_filters(id, path)),
        type.size,
      );
      const reference = quietly(library, () => library.create_object_reference(id, path));
      if (stored === undefined || reference === undefined) return undefined;
      const address = Array.from(reference).reduceRight((sum, byte) => 256 * sum + byte, 0);
      return address === 0 ? undefined : { ...stored, file, address };
    },
    close,
  };
}

function attempted<R>(call: () => R): { readonly value: R } | { readonly error: unknown } {
  try {
    return { value: call() };
  } catch (error) {
    return { error };
  }
}

/** An array that is not larger may be all zeros. */
const SMALL = 2 ** 24;
/** Deflate packs no better, and whatever does is told apart from a file that lies about its arrays by nothing. */
const MOST_RATIO = 1040;

function checkExpansion({ shape, itemSize }: Hdf5Header, fileBytes: number, where: string): void {
  const size = sizeOf(shape) * itemSize;
  if (size <= Math.max(SMALL, MOST_RATIO * fileBytes)) return;
  throw new PtychonautError("data", "the array is larger than its file can hold", {
    where,
    expected: `at most ${MOST_RATIO} times the file's ${fileBytes} bytes`,
    got: `${size} bytes for shape (${shape.join(", ")})`,
    fix: "if it is all there, save it again less compressed (h5repack)",
  });
}

/** Why a path leads to no dataset. @param isLink whether there is a link of this path */
function notThere(
  library: Hdf5Library,
  id: bigint,
  isLink: boolean,
  path: string,
  where: string,
  datasets: readonly string[],
): PtychonautError {
  const target = isLink ? (quietly(library, () => library.get_symbolic_link(id, path)) ?? null) : null;
  if (target !== null)
    return new PtychonautError("data", `the link "${path}" leads to no array`, { where, got: `a link to ${target}` });
  const link = isLink ? quietly(library, () => library.get_external_link(id, path)) : undefined;
  if (link?.filename !== undefined)
    return new PtychonautError("data", `the link "${path}" leads to what is not there`, {
      where,
      got: `a link to ${link.obj_path} in the file ${link.filename}`,
      fix: "put that file where the link says, from the folder of this one",
    });
  return new PtychonautError("data", `no array "${path}"`, {
    where,
    expected: `one of ${namesText(datasets)}`,
  });
}
