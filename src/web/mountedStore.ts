import { PtychonautError } from "../errors.ts";
import type { ByteSource } from "../formats/byteSource.ts";
import type { RunHooks } from "../runs/hooks.ts";
import { baseName, folderOf, joinPath } from "../runs/paths.ts";
import { absolutePath } from "../runs/slashPaths.ts";
import { concatenated, type OpenFile, type RunStore, withFile } from "../runs/store.ts";
import { fileSource } from "./fileSource.ts";
import { type RangedFile, rangedSource } from "./rangedFile.ts";

/** Part of the store's room that files of the user's may take. */
const SHARE_OF_ROOM = 0.5;

/** Bytes that are copied at once. */
const PIECE = 2 ** 24;

/** Is in a folder of the store until all of its files are. */
const KEEPING = ".keeping";

/** A store with files of the user's in it, which are read where they are. */
export interface MountedStore extends RunStore {
  /** What stays, without the files that are put into it. */
  readonly itself: RunStore;
  /**
   * Puts files into a folder, in place of those that were put there before. Nothing else is in that folder then, whatever the
   * store has there. Only for reading, and until the worker ends.
   * @throws PtychonautError "usage" for two of one name
   */
  mount(folder: string, files: readonly (File | RangedFile)[]): void;
  /** Whether a scan or a model can be read: its files were put there, or all of them are kept. */
  isWhole(path: string): Promise<boolean>;
  /**
   * Copies files that were put into the folder that a path is, or is in, into the store itself, where they stay, unless those
   * that it does not have yet would take more than half of its room.
   * @returns whether everything in the folder will be there when the worker has ended
   */
  keep(path: string, progress: RunHooks["progress"]): Promise<boolean>;
}

/** Files that a user chose stand in place of what the store has in the same folder. */
export function mountedStore(store: RunStore): MountedStore {
  const folders = new Map<string, ReadonlyMap<string, File | RangedFile>>();
  /** @throws PtychonautError "data" for what is not among the files of its folder; undefined: the store is to be asked */
  const find = (path: string): File | RangedFile | undefined => {
    const name = absolutePath(path);
    const files = folders.get(folderOf(name));
    const file = files?.get(baseName(name));
    if (files === undefined || file !== undefined) return file;
    throw new PtychonautError("data", "no such file", { where: path, fix: "open it together with the others" });
  };
  const open = async (path: string): Promise<OpenFile> => {
    const file = find(path);
    return file === undefined ? store.open(path) : openOf(file);
  };
  const kindOf: RunStore["kindOf"] = async (path) => {
    const name = absolutePath(path);
    if (folders.has(name)) return "folder";
    const files = folders.get(folderOf(name));
    if (files === undefined) return store.kindOf(path);
    return files.has(baseName(name)) ? "file" : undefined;
  };
  /** The folder of what was opened: images are a scan together, which has the folder's path. */
  const folderAt = async (path: string): Promise<string> =>
    (await kindOf(path)) === "folder" ? absolutePath(path) : folderOf(absolutePath(path));
  const isKept = async (path: string, { size }: File | RangedFile): Promise<boolean> =>
    (await store.kindOf(path)) === "file" && (await withFile(path, store, (kept) => kept.size)) === size;
  return {
    ...store,
    itself: store,
    mount(folder, files) {
      const byName = new Map(files.map((file) => [file.name, file]));
      const twice = files.find((file) => byName.get(file.name) !== file);
      if (twice !== undefined)
        throw new PtychonautError("usage", "two of the files have the same name", {
          ...{ where: twice.name, fix: "open one of them after the other: they are not of one folder" },
        });
      folders.set(absolutePath(folder), byName);
    },
    async isWhole(path) {
      if ((await kindOf(path)) === undefined) return false;
      const folder = await folderAt(path);
      return folders.has(folder) || (await store.kindOf(joinPath(folder, KEEPING))) === undefined;
    },
    async keep(path, progress) {
      const folder = await folderAt(path);
      const files = folders.get(folder);
      if (files === undefined) return true;
      const missing: (File | RangedFile)[] = [];
      // What is there may be read by a run at this moment, and is the same.
      for (const file of files.values()) if (!(await isKept(joinPath(folder, file.name), file))) missing.push(file);
      const size = missing.reduce((sum, file) => sum + file.size, 0);
      if (size > SHARE_OF_ROOM * ((await store.freeBytes(folder)) ?? 0)) return false;
      await store.claim(folder);
      await store.write(joinPath(folder, KEEPING), "");
      const bar = progress("keeping the scan", size);
      let done = 0;
      for (const file of missing)
        await store.writePieces(joinPath(folder, file.name), (sink) => {
          const source = sourceOf(file);
          for (let from = 0; from < file.size; from += PIECE) {
            const length = Math.min(PIECE, file.size - from);
            sink.write(source.read(from, length));
            done += length;
            bar.update(done);
          }
        });
      bar.finish();
      await store.remove(joinPath(folder, KEEPING));
      return true;
    },
    open,
    async read(path) {
      const file = find(path);
      if (file === undefined) return store.read(path);
      try {
        if (file instanceof Blob) return new Uint8Array(await file.arrayBuffer());
        return rangedSource(file).read(0, file.size).slice();
      } catch (cause) {
        throw new PtychonautError("data", "the file cannot be read", { where: path, got: String(cause), cause });
      }
    },
    async openFolder(folder, names) {
      if (!folders.has(absolutePath(folder))) return store.openFolder(folder, names);
      const files = await Promise.all(names.map((name) => open(joinPath(folder, name))));
      return concatenated(files.map((file, i) => ({ name: names[i], stamp: file.stamp, source: file })));
    },
    kindOf,
    async identity(path) {
      const name = absolutePath(path);
      if (!folders.has(name) && !folders.has(folderOf(name))) return store.identity(path);
      return (await kindOf(path)) === undefined ? undefined : name;
    },
    async list(folder) {
      const files = folders.get(absolutePath(folder));
      return files === undefined ? store.list(folder) : [...files.keys()];
    },
    absolute: absolutePath,
  };
}

const sourceOf = (file: File | RangedFile): ByteSource =>
  file instanceof Blob ? fileSource(file) : rangedSource(file);

const openOf = (file: File | RangedFile): OpenFile => ({
  ...sourceOf(file),
  stamp: file instanceof Blob ? `${file.lastModified} ${file.size}` : file.stamp,
  close() {},
});
