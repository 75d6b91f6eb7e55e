import type { ArrayFile } from "../formats/arrayFile.ts";
import type { ByteSource, MakeScratch } from "../formats/byteSource.ts";
import type { AddressOption } from "./addresses.ts";
import type { ScanParts } from "./parts.ts";
import type { ScanOptions } from "./scanOptions.ts";

/**
 * One layout of scans in files of arrays. A format is a file in `formats/` that exports one of these, and a line in
 * `registry.ts`.
 */
export interface ScanFormat {
  /** For the option `format`. */
  readonly name: string;
  /** In a few words, for people. */
  readonly title: string;
  /** How far the file looks like this format. Looks at names, shapes and attributes, not at numbers. */
  recognise(file: ArrayFile, options: ScanOptions): Recognition;
  /**
   * What the file has of a scan, and every convention of the format: units, signs, axes, zero frequency, counts or
   * amplitudes. Reads headers and what is small; the rest is read when `completeScan` asks for it.
   * @param where names the file in errors
   * @throws PtychonautError "data" with the array and the option that would help
   */
  parts(file: ArrayFile, options: ScanOptions, where: string): ScanParts;
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
  /** Whether they can stay on the disk. */
  readonly mayStay: boolean;
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
  /** What another process has laid out of this scan already, where it is open to this one too. */
  readonly laidOut?: LaidOut;
  /** Another process checks all values for this one: here they are not, where they stay on the disk. */
  readonly verified?: boolean;
  /** Leaves the patterns, and what is as large, where they are: what comes out has everything but their numbers. */
  readonly unread?: boolean;
  /** Parts out of other files, which options give addresses of, open. */
  readonly elsewhere?: Elsewhere;
}

/** Patterns in a scratch file, by what would be said of why there is one. */
export type LaidOut = (why: string) => ByteSource | undefined;

/** Arrays in other files, by the option that gives their address. */
export type Elsewhere = Readonly<Partial<Record<AddressOption, readonly PlacedArray[]>>>;

/** An array in an open file. */
export interface PlacedArray {
  readonly file: ArrayFile;
  readonly key: string;
  /** The file, for errors. */
  readonly where: string;
}
