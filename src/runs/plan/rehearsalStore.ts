import type { ByteSink, RandomFile } from "../../formats/byteSource.ts";
import { memoryStore } from "../memoryStore.ts";
import type { RunStore, WriteOptions } from "../store.ts";

/** Where a rehearsal writes, and nothing else is. */
export const REHEARSAL = "/.ptychonaut-rehearsal";

export interface RehearsalStore {
  readonly store: RunStore;
  /** What was written and is still there: path in the rehearsal's folder to bytes. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** Files that nobody reads again: their sizes are kept, not their bytes. */
const UNREAD = /\.ckpt\.zip$/;

/**
 * A view of a store through which everything can be read and nothing is written: what goes into the folder {@link REHEARSAL}
 * goes into memory, and its sizes are counted.
 * @param outputDir where a run would write: its room is the room that there is
 */
export function rehearsalStore(real: RunStore, outputDir: string): RehearsalStore {
  const memory = memoryStore();
  const sizes = new Map<string, number>();
  const isOurs = (path: string): boolean => path === REHEARSAL || path.startsWith(`${REHEARSAL}/`);
  const of = (path: string): RunStore => (isOurs(path) ? memory : real);
  const counted = async (path: string): Promise<void> => {
    const file = await memory.open(path);
    sizes.set(path.slice(REHEARSAL.length + 1), file.size);
    file.close();
    if (UNREAD.test(path)) await memory.write(path, new Uint8Array());
  };
  const refused = async (path: string): Promise<never> => {
    throw new Error(`a rehearsal writes ${path}`);
  };
  const store: RunStore = {
    read: (path) => of(path).read(path),
    open: (path) => of(path).open(path),
    openFolder: (folder, names) => of(folder).openFolder(folder, names),
    kindOf: (path) => of(path).kindOf(path),
    identity: (path) => of(path).identity(path),
    list: (folder) => of(folder).list(folder),
    async write(path: string, content: Uint8Array | string, how?: WriteOptions) {
      if (!isOurs(path)) return refused(path);
      await memory.write(path, content, how);
      await counted(path);
    },
    async writePieces(path: string, write: (sink: ByteSink) => void | Promise<void>, how?: WriteOptions) {
      if (!isOurs(path)) return refused(path);
      await memory.writePieces(path, write, how);
      await counted(path);
    },
    async writeAnywhere(path: string, write: (file: RandomFile) => void | Promise<void>, how?: WriteOptions) {
      if (!isOurs(path)) return refused(path);
      await memory.writeAnywhere(path, write, how);
      await counted(path);
    },
    async append(path, content) {
      if (!isOurs(path)) return refused(path);
      await memory.append(path, content);
      await counted(path);
    },
    async remove(path) {
      if (!isOurs(path)) return refused(path);
      await memory.remove(path);
      sizes.delete(path.slice(REHEARSAL.length + 1));
    },
    makeFolder: (path) => (isOurs(path) ? memory.makeFolder(path) : refused(path)),
    claimFile: (path) => (isOurs(path) ? memory.claimFile(path) : refused(path)),
    claim: (folder) => (isOurs(folder) ? memory.claim(folder) : refused(folder)),
    checkFree: (folder) => of(folder).checkFree(folder),
    lock: (folder) => (isOurs(folder) ? memory.lock(folder) : refused(folder)),
    // Room for patterns that are too many for memory is needed as in a run: where the program runs.
    scratch: (folder, log) => real.scratch(isOurs(folder) ? real.absolute(".") : folder, log),
    ...(real.openHdf5 === undefined ? {} : { openHdf5: real.openHdf5 }),
    freeBytes: (folder) => real.freeBytes(isOurs(folder) ? outputDir : folder),
    absolute: (path, from) => of(path).absolute(path, from),
  };
  return { store, sizes };
}
