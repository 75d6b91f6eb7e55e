import type { ComplexArray, RealArray } from "../arrays.ts";
import type { Geometry } from "../optics/geometry.ts";
import type { PatternOperation } from "./patternOperation.ts";
import type { ChunkedOrigin, FileOrigin, MemoryOrigin } from "./patternOrigin.ts";

/** What the numbers of a pattern are: photons (or electrons) counted, or their square roots. */
export type Measurement = "counts" | "amplitude";

/**
 * Diffraction patterns, `[frame, y, x]`, zero frequency at `floor(n / 2)`. Behind an interface so that a scan larger
 * than memory can stay in its file.
 */
export interface Patterns {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Where they lie. */
  readonly origin: PatternOrigin;
  /**
   * Copies frames into `out` (`[indices.length, y, x]`, float32), in the Dataset's measurement.
   * Integers are widened before any arithmetic.
   */
  read(indices: ArrayLike<number>, out: Float32Array): void;
}

/**
 * Where patterns lie, so that another thread can make the same `Patterns` for itself. A new home of patterns is one more
 * kind here: its own facts (`data/patternOrigin`), a reader beside `scans/filePatterns`, and a line in
 * `node/workers/batchWorker`.
 */
export type PatternOrigin = MemoryOrigin | FileOrigin | ChunkedOrigin | SelectedOrigin | PreparedOrigin | JoinedOrigin;

/** Some of the patterns of others. */
export interface SelectedOrigin {
  readonly kind: "selected";
  readonly patterns: Patterns;
  /** Which of them, in order. */
  readonly frames: readonly number[];
}

/** The patterns of others, on each of which operations are done in order. */
export interface PreparedOrigin {
  readonly kind: "prepared";
  readonly patterns: Patterns;
  readonly operations: readonly PatternOperation[];
  /** What their numbers are: operations are on counts. */
  readonly measurement: Measurement;
}

/** The patterns of several scans, one after the other; they are network input already. */
export interface JoinedOrigin {
  readonly kind: "joined";
  readonly parts: readonly PatternPart[];
}

/** One scan's patterns among those of several, and what turns them into network input. */
export interface PatternPart {
  readonly patterns: Patterns;
  readonly measurement: Measurement;
  readonly inputScale: number;
  /** `[y, x]`, 1 = valid. */
  readonly mask?: Float32Array;
}

/** One scan, in the conventions of ARCHITECTURE.md ("Conventions"), after a reader has converted it. */
export interface Dataset {
  /** For people and logs: the file's name without folder and suffix. */
  readonly name: string;
  readonly patterns: Patterns;
  readonly measurement: Measurement;
  /** `[frame, 2]` as (y, x): where the probe window's centre sits in the object, in object pixels, +y down, +x right. */
  readonly positions: Float64Array;
  /** Nominal positions, same layout, where the file has them (`xcoords_start`, `ycoords_start`). */
  readonly nominalPositions?: Float64Array;
  /** What is known of the experiment's geometry. Absent: a far field, and nothing else. */
  readonly geometry?: Geometry;
  /** `[mode, y, x]`, as the file holds it (not rescaled). */
  readonly probe: ComplexArray;
  /** `[y, x]`: reference object; the window of position (y, x) is centred at row y, column x. */
  readonly object?: ComplexArray;
  /** `[frame, y, x]`: true or reference patches. */
  readonly patches?: ComplexArray;
  /** Why what looks like labels in the file is none, where there are no patches: an amplitude without a phase, say. */
  readonly labelProblem?: string;
  /** `[y, x]`, 1 = valid. */
  readonly mask?: RealArray;
  /** `[frame]`: which scan a frame belongs to. */
  readonly scanIndex?: Int32Array;
  /** `[frame]`: the beam's intensity in each pattern over its mean, where the file or a simulation knows it. */
  readonly frameIntensities?: Float64Array;
  /** Frames that are to be left out, ascending; they keep their numbers. */
  readonly skipped?: readonly number[];
  /** `[frame]`: counts over valid pixels, or squared amplitudes, where somebody has looked at all frames. */
  readonly energies?: Float64Array;
  /** Mean photons per pattern as stated by the file's metadata. */
  readonly photonsPerPattern?: number;
  /** Where this came from and what the reader did to it, for run.json and for `inspect`. */
  readonly provenance: Provenance;
}

/** The scan format that read a file. */
export interface ReadFormat {
  readonly name: string;
  /** What told that it is this one. */
  readonly evidence: string;
  /** What the format itself answers of how to read it, by the options that would say it. */
  readonly says?: Readonly<Record<string, string | number>>;
}

export interface Provenance {
  readonly path?: string;
  readonly sha256?: string;
  readonly format?: ReadFormat;
  /** Every convention that was applied, stated or by default, by the settings that would say it. */
  readonly conventions?: Readonly<Record<string, string>>;
  /** In the order applied: transposed axes, DC moved to the centre, positions converted … */
  readonly conversions: readonly string[];
  /** Things worth a look that did not stop the reader. */
  readonly warnings: readonly string[];
  /** Object pixel over that of the file as stored, (y, x), where patterns were cut or filled up. */
  readonly pixelRatio?: readonly [y: number, x: number];
  /** Parts of the pixels and of the counts that the mask takes away, 0 to 1, where there is one. */
  readonly masked?: { readonly pixels: number; readonly counts: number };
}
