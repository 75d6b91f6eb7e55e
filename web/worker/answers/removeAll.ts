import { joinPath } from "../../../src/runs/paths.ts";
import type { RunStore } from "../../../src/runs/store.ts";

/** Takes a file, or a folder with everything in it, out of a store. */
export async function removeAll(path: string, store: RunStore): Promise<void> {
  if ((await store.kindOf(path)) === "folder")
    for (const name of await store.list(path)) await removeAll(joinPath(path, name), store);
  await store.remove(path);
}
