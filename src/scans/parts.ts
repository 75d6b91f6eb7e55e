import type { Dataset } from "../data/dataset.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { NumericArray } from "../formats/npy.ts";
import type { GeometryStatement } from "../optics/geometry.ts";
import type { ProbeOptions } from "./prepare/probeOptions.ts";
import type { ScanOptions } from "./scanOptions.ts";

/**
 * What a file holds of a scan, as far as its format knows it. Any part may be absent; `completeScan` makes a Dataset of
 * it, with what options and other files add, or says what is missing. Nothing large is read before it is asked for.
 */
export interface ScanParts {
  readonly patterns?: PatternsPart;
  readonly positions?: PositionsPart;
  /** `[y, x]`, `[mode, y, x]`, complex, or real with zero phase. */
  readonly probe?: ArrayPart;
  /** `[y, x]` or `[1, y, x]`. */
  readonly object?: ArrayPart;
  /** `[y, x]` of 0 and 1, 1 = valid unless `says.maskValid` is 0; zero frequency where the patterns have it. */
  readonly mask?: ArrayPart;
  /** How frames without positions were taken, where the file says so: `prepare/raster.ts` makes positions of it. */
  readonly raster?: RasterPart;
  /** `[y, x]` or `[frame, y, x]`: counts that are taken off the patterns, laid out as these. */
  readonly background?: ArrayPart;
  readonly geometry: GeometryStatement;
  /** Mean photons per pattern. */
  readonly photonsPerPattern?: number | undefined;
  /** What there is of each frame beside its pattern. @throws PtychonautError "data" where it is not of `count` entries */
  readonly frames?: (count: number) => FramesPart;
  /** Patches to learn from, of the patterns' shape, where the file has them. */
  readonly labels?: (shape: readonly number[], reading: LabelReading) => Pick<Dataset, "patches" | "labelProblem">;
  /**
   * What the file tells of lens and aperture. With a model it stands for a probe where none is read; without one it completes
   * a model that is stated. See `withOptics`.
   */
  readonly optics?: ProbeOptions;
  /** What the format itself answers of how to read it; what is stated wins. */
  readonly says?: FormatStatement;
  /** Conventions that no setting names, for the provenance. */
  readonly conventions?: Readonly<Record<string, string>>;
  readonly conversions?: readonly string[];
  readonly warnings?: readonly string[];
}

/** Frames in rows, each from left to right. */
export interface RasterPart {
  readonly shape: readonly [rows: number, columns: number];
  /** Between neighbours, metres. */
  readonly stepM?: readonly [y: number, x: number];
  /** Whether the first axis runs along x and the second along y, before they are rotated. Default false. */
  readonly exchanged?: boolean;
  /** Of the scan's axes against the detector's: degrees from +x towards +y, as of `correctedPositions`. Default 0. */
  readonly rotation?: number;
}

export interface FramesPart {
  /** `[frame]`: which scan a frame belongs to. */
  readonly scanIndex?: Int32Array | undefined;
  /** `[frame]`: the beam's intensity in each pattern over its mean. */
  readonly frameIntensities?: Float64Array | undefined;
}

export interface LabelReading {
  /** Whether the patterns stay in their file, beside which patches of their size do not fit into memory. */
  readonly inFile: boolean;
  /** Whether only what is small is read. */
  readonly unread: boolean;
}

export type FormatStatement = Pick<
  ScanOptions,
  | "frameAxis"
  | "measurement"
  | "dcAt"
  | "probeAt"
  | "maskValid"
  | "positionReference"
  | "positionOrigin"
  | "positionUnit"
  | "positionsAre"
  | keyof ProbeOptions
>;

/**
 * An array of patterns: frames first or last, several leading axes count as frames. Frames in several arrays are one through
 * `formats/joinedArrays.ts`, those with the axes of each frame exchanged through `formats/columnMajor.ts`.
 */
export interface PatternsPart {
  readonly file: ArrayFile;
  readonly key: string;
}

/** An array that is small enough to be read as a whole. */
export interface ArrayPart {
  /** For messages and reports: its name in the file. */
  readonly key: string;
  /** The file, where it is not the scan's own. */
  readonly where?: string;
  /** As in the file, where this is known before reading. */
  readonly shape?: readonly number[];
  /** Of a mask that reading turns to 1 = valid by itself, `maskValid` included: what stands for a valid pixel in the file. */
  readonly validInFile?: 0 | 1;
  read(): NumericArray;
}

/** Positions as the file has them, in the unit, reference, origin and sign that `says` and options tell. */
export interface PositionsPart {
  /** Names of the arrays they are in. */
  readonly keys: readonly string[];
  /** Of scan positions, from headers alone: it decides how the patterns are read. */
  readonly count: number;
  /** `[frame, 2]` as (y, x), not checked. */
  read(): Float64Array;
  /** Whether nothing but an order, known or stated, tells y from x: then `positionOrder` speaks of them. Default false. */
  readonly byOrder?: true;
  /** Nominal ones, in the same conventions. */
  readonly nominal?: () => Float64Array;
  /** What reading did, for the provenance. */
  readonly conversions?: readonly string[];
  /** Degrees by which they were turned, as the file says: nobody measured that on these patterns. */
  readonly turnedBy?: number;
}
