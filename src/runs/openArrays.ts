import type { ArrayFile } from "../formats/arrayFile.ts";
import { joinedSources } from "../formats/byteSource.ts";
import { openArrayFile } from "../formats/containers.ts";
import { naturalOrder } from "../formats/naturalOrder.ts";
import type { Neighbours } from "../formats/neighbours.ts";
import { isImageName, openTiffFolder } from "../formats/tiffFolder.ts";
import type { Home, Machine } from "./machine.ts";
import { folderOf } from "./paths.ts";
import { type OpenFile, type OpenFolder, type RunStore, unreadable, withFile } from "./store.ts";

/** A file of arrays, or a folder of images that is read as one, open. */
export interface OpenArrays {
  /** Of a folder the bytes of all its images, in their order. */
  readonly file: OpenFile;
  readonly arrays: ArrayFile;
}

/** @throws PtychonautError "data" for whatever the reader trips over */
export async function openArrays(path: string, store: RunStore): Promise<OpenArrays> {
  const file = await openInput(path, store);
  try {
    const arrays = isFolder(file)
      ? openTiffFolder(file.files, path)
      : await openArrayFile(file, path, neighboursOf(path, store));
    return { file, arrays };
  } catch (error) {
    file.close();
    throw unreadable(error, path);
  }
}

/** SHA-256 of a file; of one that was read with others beside it, of their bytes one after the other. */
export function contentHash({ file, arrays }: OpenArrays, machine: Pick<Machine, "sha256">): Promise<string> {
  const { beside = [] } = arrays;
  return machine.sha256(beside.length === 0 ? file : joinedSources([file, ...beside]));
}

/** The same of whatever is under a path, arrays or not. @throws PtychonautError "data", as `RunStore.open` */
export async function hashAt(path: string, { machine, store }: Home): Promise<string> {
  const opened = await openArrays(path, store).catch(() => undefined);
  if (opened === undefined) return withFile(path, store, (file) => machine.sha256(file));
  try {
    return await contentHash(opened, machine);
  } finally {
    opened.arrays.close();
    opened.file.close();
  }
}

/** The bytes of a file, or of a folder's images. @throws PtychonautError "data", as `RunStore.open` */
export async function openInput(path: string, store: RunStore): Promise<OpenFile | OpenFolder> {
  const images = await imagesIn(path, store);
  return images.length === 0 ? store.open(path) : store.openFolder(path, images);
}

const isFolder = (file: OpenFile | OpenFolder): file is OpenFolder => "files" in file;

/** The names of a folder's images, as people count them; none of what is no folder. */
async function imagesIn(path: string, store: RunStore): Promise<readonly string[]> {
  if ((await store.kindOf(path)) !== "folder") return [];
  return naturalOrder((await store.list(path)).filter(isImageName));
}

/** Gives the arrays of a file to a reader, and closes it. @throws PtychonautError "data" for whatever it trips over */
export async function withArrays<T>(
  path: string,
  store: RunStore,
  read: (arrays: ArrayFile, file: OpenFile) => T | Promise<T>,
): Promise<T> {
  const { file, arrays } = await openArrays(path, store);
  try {
    return await read(arrays, file);
  } catch (error) {
    throw unreadable(error, path);
  } finally {
    arrays.close();
    file.close();
  }
}

/** The files beside one of a store's, below its folder or above. */
export function neighboursOf(path: string, store: RunStore): Neighbours {
  return {
    ...(store.openHdf5 === undefined ? {} : { openHdf5: store.openHdf5 }),
    async open(name) {
      const there = store.absolute(name, folderOf(path));
      return (await store.kindOf(there)) === "file" ? store.open(there) : undefined;
    },
  };
}
