import type { ScanOptions } from "../../src/scans/scanOptions.ts";

/** A scan's file, and what is known beside it. */
export interface ScanAddress {
  readonly path: string;
  readonly stated: ScanOptions;
}
