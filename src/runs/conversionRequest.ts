import type { ScanOptions } from "../scans/scanOptions.ts";

export interface ConversionRequest {
  /** A scan, or a reconstruction. */
  readonly input: string;
  readonly output: string;
  /** Name of the format. Default: by how the output's name ends. */
  readonly to?: string;
  readonly reading: ScanOptions;
  /** Names of the settings of `reading` that were said. */
  readonly stated: readonly string[];
  /** Whether files that are there may be replaced. Default false. */
  readonly overwrite?: boolean;
  /** What the format cannot hold is an error. Default false: a warning. */
  readonly strict?: boolean;
  /** Patterns take less room and more time. Default false. */
  readonly compress?: boolean;
  /** Files that were read for the request, which must not be replaced. */
  readonly alsoRead?: readonly string[];
}
