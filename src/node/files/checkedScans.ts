import { statSync } from "node:fs";
import type { Dataset } from "../../data/dataset.ts";
import type { ScanOptions } from "../../scans/scanOptions.ts";

/**
 * Scans that were read as a whole while settings were checked, kept for the run that follows, which would otherwise read
 * them again. One that no run takes is let go of after a minute.
 */
const KEPT_MS = 60_000;

interface Checked {
  readonly dataset: Dataset;
  /** What the file looked like before it was read; undefined when it was not there. */
  readonly stamp: string | undefined;
}

const checked = new Map<string, Checked>();

/** Reads a scan and keeps it. */
export function readAndKeep(path: string, options: ScanOptions, read: () => Dataset): void {
  const key = keyOf(path, options);
  const stamp = stampOf(path);
  const entry = { stamp, dataset: read() };
  checked.set(key, entry);
  setTimeout(() => {
    if (checked.get(key) === entry) checked.delete(key);
  }, KEPT_MS).unref();
}

/** A scan that was kept, once; undefined when there is none, or the file has changed since. */
export function takeKept(path: string, options: ScanOptions): Dataset | undefined {
  const key = keyOf(path, options);
  const entry = checked.get(key);
  checked.delete(key);
  return entry !== undefined && entry.stamp === stampOf(path) ? entry.dataset : undefined;
}

const keyOf = (path: string, options: ScanOptions): string => `${path}|${JSON.stringify(options)}`;

/** Undefined when the file is gone. */
function stampOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : [found.ino, found.size, found.mtimeMs].join();
}
