import type { FileToWrite } from "../../formats/fileToWrite.ts";
import type { FramesToWrite } from "./framesToWrite.ts";
import type { GeometryNeed, ScanPart } from "./scanContent.ts";

export interface WriteScanOptions {
  /** Whether the patterns take less room, and more time. */
  readonly compress: boolean;
  /** Where the scan came from and what was done to it, a line each, for formats with a place for it. */
  readonly history: readonly string[];
}

/**
 * One layout of scans that is written. A writer is a file in this room that exports one of these, and a line in
 * `registry.ts`. Signs, units and the order of axes are its format's, and stand in docs/formats.md.
 */
export interface ScanWriter {
  /** For the option `to` and for `output_format`. */
  readonly name: string;
  /** In a few words, for people. */
  readonly title: string;
  /** How names of such files end; the first is the usual one. None where another format has the same ending. */
  readonly endings: readonly string[];
  /** What the format has a place for, beside the patterns. What is not named here is said to be lost. */
  readonly holds: readonly ScanPart[];
  /** What must be known for its units. */
  readonly needs: readonly GeometryNeed[];
  /** Whether it has a way to make patterns smaller. */
  readonly compresses: boolean;
  /** Whether it has counts as integers where they are (`FramesToWrite.countType`). */
  readonly integers: boolean;
  /** What else it cannot hold of a scan, a line each, with numbers. */
  alsoLost?(scan: FramesToWrite): readonly string[];
  /** What whoever reads such a file will miss, a line each. */
  missing?(scan: FramesToWrite): readonly string[];
  /** The files that it makes for one name. Default: the one. */
  files?(path: string): readonly string[];
  /**
   * @param files one for each of `files`
   * @throws PtychonautError "output"
   */
  write(scan: FramesToWrite, files: readonly FileToWrite[], options: WriteScanOptions): Promise<void>;
}
