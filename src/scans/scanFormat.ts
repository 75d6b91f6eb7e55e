import type { Dataset } from "../data/dataset.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { MakeScratch } from "../formats/byteSource.ts";
import type { ScanOptions } from "./scanOptions.ts";

/**
 * One layout of scans in files of arrays. A format is a file in this room that exports one of these, and a line in
 * `registry.ts`. Its `read` writes every convention that it applied (units, signs, axes, zero frequency, counts or
 * amplitudes) into the Dataset's provenance.
 */
export interface ScanFormat {
  /** For the option `format`. */
  readonly name: string;
  /** In a few words, for people. */
  readonly title: string;
  /** How far the file looks like this format. Looks at names, shapes and attributes, not at numbers. */
  recognise(file: ArrayFile, options: ScanOptions): Recognition;
  /** @throws PtychonautError "data" when the arrays are not there, do not fit or cannot be told apart */
  shape(file: ArrayFile, options: ScanOptions, where: string): ScanShape;
  /** @throws PtychonautError "data" with the array and the option that would help */
  read(file: ArrayFile, options: ScanOptions, source: ScanSource): Dataset;
}

export interface Recognition {
  /**
   * 0: it is not. Below 0.5: it can be read so once options say more. 0.5 to 0.9: names and shapes fit. 1: it says so
   * itself.
   */
  readonly confidence: number;
  /** What speaks for it or against it. */
  readonly evidence: string;
}

/** What a scan's arrays say of themselves, without their numbers. */
export interface ScanShape {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Bytes that the patterns take in memory. */
  readonly patternBytes: number;
  readonly photonsPerPattern: number | undefined;
  /** `[frame]`: which scan a frame belongs to, where the file says so. */
  readonly scanIndex?: Int32Array | undefined;
}

export interface ScanSource {
  /** For provenance and messages. */
  readonly path?: string;
  readonly sha256?: string;
  /** Given, the patterns stay on the disk; absent, they are read into memory. */
  readonly scratch?: MakeScratch;
  /** Leaves the patterns, and what is as large, where they are: what comes out has everything but their numbers. */
  readonly unread?: boolean;
}
