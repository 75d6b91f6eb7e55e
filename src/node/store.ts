import { appendFile, readdir, rm, stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { RunStore } from "../runs/store.ts";
import { readFailure, writeFailure } from "./files/failures.ts";
import { openSource, scratchFolder } from "./files/fileSource.ts";
import { openFolderSource } from "./files/folderSource.ts";
import { makeFolders } from "./files/folders.ts";
import { removeLeftovers } from "./files/leftovers.ts";
import { checkUnlocked, lockFolder } from "./files/lock.ts";
import { ensureOutputDir } from "./files/outputFolder.ts";
import { readBytes } from "./files/readBytes.ts";
import { ensureWritable, writeAnywhere, writeAtomic, writePieces } from "./files/writeAtomic.ts";

import { openApart } from "./workers/hdf5Apart.ts";

/** The disk, by the system's own paths. */
export const nodeStore: RunStore = {
  read: readBytes,
  async open(path) {
    try {
      return openSource(path);
    } catch (error) {
      throw readFailure(error, path);
    }
  },
  openFolder: async (folder, names) => openFolderSource(folder, names),
  async kindOf(path) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return undefined;
    return found.isDirectory() ? "folder" : found.isFile() ? "file" : "device";
  },
  async identity(path) {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    return found === undefined ? undefined : `${found.dev}:${found.ino}`;
  },
  list: (folder) => readdir(folder).catch(() => []),
  write: writeAtomic,
  writePieces,
  writeAnywhere,
  append: (path, content) => orWriteFailure(path, appendFile(path, content)),
  remove: (path) => orWriteFailure(path, rm(path, { force: true })),
  async makeFolder(path) {
    await orWriteFailure(path, makeFolders(path));
    await removeLeftovers(path);
  },
  claim: ensureOutputDir,
  claimFile: ensureWritable,
  checkFree: checkUnlocked,
  lock: lockFolder,
  scratch: scratchFolder,
  openHdf5: openApart,
  async freeBytes(folder) {
    for (let path = resolve(folder); ; path = dirname(path)) {
      const room = await statfs(path).catch(() => undefined);
      if (room !== undefined) return room.bavail * room.bsize;
      if (path === dirname(path)) return undefined;
    }
  },
  absolute: (path, from = ".") => resolve(from, path),
};

async function orWriteFailure(path: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw writeFailure(error, path);
  }
}
