import { PtychonautError } from "../errors.ts";
import type { ByteSource } from "../formats/byteSource.ts";
import type { RunHooks } from "../runs/hooks.ts";
import { baseName, folderOf, joinPath } from "../runs/paths.ts";
import { absolutePath } from "../runs/slashPaths.ts";
import { concatenated, type OpenFile, type RunStore } from "../runs/store.ts";
import { fileSource } from "./fileSource.ts";
import { type RangedFile, rangedSource } from "./rangedFile.ts";

/** Part of the store's room that files of the user's may take. */
const SHARE_OF_ROOM = 0.5;

/** Bytes that are copied at once. */
const PIECE = 2 ** 24;

/** A store with files of the user's in it, which are read where they are. */
export interface MountedStore extends RunStore {
  /** What stays, without the files that are put into it. */
  readonly itself: RunStore;
  /** Puts files into a folder, in place of those that were put there before. Only for reading, and until the worker ends. */
  mount(folder: string, files: readonly (File | RangedFile)[]): void;
  /**
   * Copies the files that were put into a folder into the store itself, where they stay, unless they would take more than
   * half of its room.
   * @returns whether everything in the folder will be there when the worker has ended
   */
  keep(folder: string, progress: RunHooks["progress"]): Promise<boolean>;
}

/** Files that a user chose stand before those of the store with the same paths. */
export function mountedStore(store: RunStore): MountedStore {
  const folders = new Map<string, ReadonlyMap<string, File | RangedFile>>();
  const find = (path: string): File | RangedFile | undefined => {
    const name = absolutePath(path);
    return folders.get(folderOf(name))?.get(baseName(name));
  };
  const open = async (path: string): Promise<OpenFile> => {
    const file = find(path);
    return file === undefined ? store.open(path) : openOf(file);
  };
  return {
    ...store,
    itself: store,
    mount(folder, files) {
      folders.set(absolutePath(folder), new Map(files.map((file) => [file.name, file])));
    },
    async keep(folder, progress) {
      const files = [...(folders.get(absolutePath(folder))?.values() ?? [])];
      const size = files.reduce((sum, file) => sum + file.size, 0);
      if (size > SHARE_OF_ROOM * ((await store.freeBytes(folder)) ?? 0)) return files.length === 0;
      await store.claim(folder);
      const bar = progress("keeping the scan", size);
      let done = 0;
      for (const file of files)
        await store.writePieces(joinPath(folder, file.name), (sink) => {
          const source = sourceOf(file);
          for (let from = 0; from < file.size; from += PIECE) {
            sink.write(source.read(from, Math.min(PIECE, file.size - from)));
            done += Math.min(PIECE, file.size - from);
            bar.update(done);
          }
        });
      bar.finish();
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
    async kindOf(path) {
      if (find(path) !== undefined) return "file";
      return folders.has(absolutePath(path)) ? "folder" : store.kindOf(path);
    },
    async identity(path) {
      const name = absolutePath(path);
      return find(path) !== undefined || folders.has(name) ? name : store.identity(path);
    },
    async list(folder) {
      const names = [...(folders.get(absolutePath(folder))?.keys() ?? [])];
      return [...new Set([...names, ...(await store.list(folder))])];
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
