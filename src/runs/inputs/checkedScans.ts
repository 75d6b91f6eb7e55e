import type { Dataset } from "../../data/dataset.ts";
import type { ScanOptions } from "../../scans/scanOptions.ts";
import type { OpenFile, RunStore } from "../store.ts";

/**
 * Scans that were read as a whole while settings were checked, kept for the run that follows, which would otherwise read
 * them again. One that no run takes is let go of after a minute.
 */
const KEPT_MS = 60_000;

interface Checked {
  readonly dataset: Dataset;
  readonly stamp: string;
}

const checked = new WeakMap<RunStore, Map<string, Checked>>();

const checkedIn = (store: RunStore): Map<string, Checked> => {
  const known = checked.get(store) ?? new Map<string, Checked>();
  checked.set(store, known);
  return known;
};

/** Keeps a scan that was read. */
export function keep(dataset: Dataset, { stamp }: OpenFile, path: string, options: ScanOptions, store: RunStore): void {
  const known = checkedIn(store);
  const [key, entry] = [keyOf(path, options), { dataset, stamp }];
  known.set(key, entry);
  const timer = setTimeout(() => {
    if (known.get(key) === entry) known.delete(key);
  }, KEPT_MS);
  // Where a timer keeps the program alive, this one must not.
  (timer as { unref?(): void }).unref?.();
}

/** A scan that was kept, once; undefined when there is none, or the file has changed since. */
export function takeKept(
  { stamp }: OpenFile,
  path: string,
  options: ScanOptions,
  store: RunStore,
): Dataset | undefined {
  const known = checkedIn(store);
  const key = keyOf(path, options);
  const entry = known.get(key);
  known.delete(key);
  return entry?.stamp === stamp ? entry.dataset : undefined;
}

const keyOf = (path: string, options: ScanOptions): string => `${path}|${JSON.stringify(options)}`;
