import type { Dataset } from "../data/dataset.ts";
import { frameRanges } from "../data/frameRanges.ts";

/** What a run leaves out of a scan, for people. */
export function skippedNote({ name, skipped = [], patterns }: Dataset): string[] {
  if (skipped.length === 0) return [];
  return [`${name}: ${skipped.length} of ${patterns.count} frames are left out: ${frameRanges(skipped)}`];
}
