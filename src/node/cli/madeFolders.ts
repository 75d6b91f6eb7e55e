import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Home } from "../../runs/machine.ts";

export interface FolderMemory {
  /** The home, whose store remembers the folders that it makes. */
  readonly home: Home;
  /** Takes away those that are empty. */
  readonly removeEmpty: () => Promise<void>;
}

/** Remembers the folders that a command makes, so that one that is refused leaves nothing behind. */
export function rememberingFolders({ store, ...home }: Home): FolderMemory {
  const made: string[] = [];
  const remembering =
    (make: (folder: string) => Promise<void>) =>
    async (folder: string): Promise<void> => {
      for (let path = store.absolute(folder); (await store.kindOf(path)) === undefined; path = dirname(path))
        made.push(path);
      await make(folder);
    };
  return {
    home: {
      ...home,
      store: { ...store, claim: remembering(store.claim), makeFolder: remembering(store.makeFolder) },
    },
    removeEmpty: async () => {
      // Inner folders have the longer paths. What holds something, or was never made, stays as it is.
      for (const path of made.toSorted((a, b) => b.length - a.length)) await rmdir(path).catch(() => {});
    },
  };
}
