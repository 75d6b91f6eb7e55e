import { inspectScan, type ScanInspection } from "../scans/inspect/inspectScan.ts";
import type { ScanOptions } from "../scans/scanOptions.ts";
import { withScan } from "./inputs/scanFileSet.ts";
import type { Home } from "./machine.ts";

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
  return withScan(path, stated, store, ({ arrays, elsewhere }) =>
    inspectScan(arrays, stated, path, skipOutlyingFrames, elsewhere),
  );
}
