import { PtychonautError } from "../errors.ts";
import { gigabytes, type MemoryShare } from "./memory.ts";
import type { RunStore } from "./store.ts";

/** Part of the free room from which on a run is worth a warning: others write there too. */
const TIGHT = 0.8;

/**
 * Looks whether what a run writes fits where it goes, before it starts.
 * @param shares what it writes, the same as for memory
 * @param fix names the settings that make it smaller
 * @returns a warning where it takes most of the room
 * @throws PtychonautError "usage" where there is too little
 */
export async function checkDisk(
  shares: readonly MemoryShare[],
  folder: string,
  store: RunStore,
  fix: string,
): Promise<string[]> {
  const free = await store.freeBytes(folder);
  const total = shares.reduce((sum, { bytes }) => sum + bytes, 0);
  if (free === undefined || total <= TIGHT * free) return [];
  const parts = [...shares]
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 3)
    .map(({ what, bytes }) => `${gigabytes(bytes)} for ${what}`)
    .join(", ");
  if (total > free)
    throw new PtychonautError("usage", "the run writes more than there is room for", {
      where: folder,
      expected: `at most ${gigabytes(free)}`,
      got: `about ${gigabytes(total)}: ${parts}`,
      fix,
    });
  return [`the run writes about ${gigabytes(total)} where ${gigabytes(free)} are free: ${parts}`];
}
