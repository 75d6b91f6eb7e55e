import { join } from "node:path";
import { concatenated, type OpenFile, type OpenFolder } from "../../runs/store.ts";
import { readFailure } from "./failures.ts";
import { openSource } from "./fileSource.ts";

/** Files that are open at a time: a system allows some hundreds. */
const MOST_OPEN = 32;

/**
 * Opens files of a folder, of which few are open at a time. Each must be when it is read what it was at first.
 * @throws PtychonautError "data" when one cannot be read; "changed", while it is read
 */
export function openFolderSource(folder: string, names: readonly string[]): OpenFolder {
  /** By path, the one that was used last at the end. */
  const open = new Map<string, OpenFile>();
  const use = (path: string, stamp?: string): OpenFile => {
    const file = open.get(path) ?? openSource(path, stamp);
    open.delete(path);
    open.set(path, file);
    for (const [oldest, other] of open) {
      if (open.size <= MOST_OPEN) break;
      open.delete(oldest);
      other.close();
    }
    return file;
  };
  const opened = (path: string): OpenFile => {
    try {
      return use(path);
    } catch (error) {
      throw readFailure(error, path);
    }
  };
  const close = (): void => {
    for (const file of open.values()) file.close();
    open.clear();
  };
  try {
    const files = names.map((name) => {
      const path = join(folder, name);
      const { size, stamp } = opened(path);
      const read = (offset: number, length: number): Uint8Array => use(path, stamp).read(offset, length);
      return { name, stamp, source: { size, read } };
    });
    return concatenated(files, close);
  } catch (error) {
    close();
    throw readFailure(error, folder);
  }
}
