import { inspectScan, type ScanInspection } from "../scans/inspect/inspectScan.ts";
import type { ScanOptions } from "../scans/scanOptions.ts";
import type { Home } from "./machine.ts";
import { withArrays } from "./store.ts";

/**
 * Says what a scan file holds and what in it needs care.
 * @param stated what is known about the file; a default is no statement
 * @param skipOutlyingFrames whether the findings are those without the frames that stand out
 * @throws PtychonautError "data" when it is missing or no archive
 */
export function runInspection(
  path: string,
  stated: ScanOptions,
  { store }: Pick<Home, "store">,
  skipOutlyingFrames = false,
): Promise<ScanInspection> {
  return withArrays(path, store, (arrays) => inspectScan(arrays, stated, path, skipOutlyingFrames));
}
