import type { Dataset } from "../../../src/data/dataset.ts";
import type { Statistics } from "../protocol.ts";

/** A scan that is open, with what was computed of it. */
export interface OpenedScan {
  readonly path: string;
  readonly dataset: Dataset;
  statistics?: Statistics;
  close(): void;
}
