import type { RunStore } from "./store.ts";

/**
 * The store of a process that does not write, beside one that does: it reads what is there, and keeps nothing. Scratch
 * files are its own.
 */
export function readingStore(store: RunStore): RunStore {
  const nothing = async (): Promise<void> => {};
  return {
    ...store,
    write: nothing,
    writePieces: nothing,
    writeAnywhere: nothing,
    append: nothing,
    remove: nothing,
    makeFolder: nothing,
    claimFile: nothing,
    claim: nothing,
    checkFree: nothing,
    lock: async () => ({ release: nothing }),
  };
}
