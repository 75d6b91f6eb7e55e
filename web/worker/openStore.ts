import { memoryStore } from "../../src/runs/memoryStore.ts";
import { type MountedStore, mountedStore } from "../../src/web/mountedStore.ts";
import { openPrivateFiles } from "../../src/web/opfsStore.ts";
import type { Desk } from "./answers/answer.ts";

/** Where runs of the page leave their results: the browser's private files, or memory where it gives none. */
export async function openStore(): Promise<{ readonly store: MountedStore; readonly stored: Desk["stored"] }> {
  try {
    return { store: mountedStore(await openPrivateFiles("ptychonaut")), stored: { kind: "opfs" } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { store: mountedStore(memoryStore()), stored: { kind: "memory", why } };
  }
}
