import type { Measurement } from "../data/dataset.ts";
import { setting } from "../errors.ts";
import type { GeometryStatement } from "../optics/geometry.ts";
import type { PrepareOptions } from "./prepare/prepareOptions.ts";

/**
 * What a scan file does not say about itself. What is left open is as the format says (`ScanParts.says`), else the default:
 * the PtychoPINN contract. Whatever differs from it must be said, because no choice here can be told from the numbers with
 * certainty (`inspect` shows the evidence).
 */
export interface ScanOptions extends PrepareOptions {
  /** The scan format (`registry.ts`). Default: the one that recognises the file best. */
  readonly format?: string;
  /** Array of the patterns. Default: `diffraction` or `diff3d`. */
  readonly patternsKey?: string;
  /** Array of the probe. Default `probeGuess`. */
  readonly probeKey?: string;
  /** One array `[frame, 2]` of positions, instead of `xcoords` and `ycoords`. Needs `positionOrder`. */
  readonly positionsKey?: string;
  /** Array of the reference object. Default: `objectGuess` where there is one. */
  readonly objectKey?: string;
  /** Which axis of the patterns counts frames, where their shape leaves it open. */
  readonly frameAxis?: "first" | "last";
  /** Default `amplitude` for floating point; integers have no default. */
  readonly measurement?: Measurement;
  /** Where the zero frequency sits in the file: `center` is index floor(n/2), `corner` is index 0. Default `center`. */
  readonly dcAt?: "center" | "corner";
  /** Where the probe's centre sits in the file: `center` is index floor(n/2), `corner` is index 0. Default `center`. */
  readonly probeAt?: "center" | "corner";
  /** What stands for a valid pixel in the file's mask. Default 1. */
  readonly maskValid?: 0 | 1;
  /** Which number of a pair comes first, or which of two arrays of positions. */
  readonly positionOrder?: "xy" | "yx";
  /** What a position points at: the window's centre, index floor(N/2), or its corner, index 0. Default `center`. */
  readonly positionReference?: "center" | "corner";
  /**
   * `absolute`: positions are indices into the object. `centered`: they count from its middle, index floor(n/2), where
   * the file has an object; without one the origin is free, and the scan is moved so that the windows start at
   * `SCAN_MARGIN`. Default `absolute`.
   */
  readonly positionOrigin?: "absolute" | "centered";
  /** Unit of the positions. Lengths become object pixels by the geometry. Default `px`: object pixels. */
  readonly positionUnit?: PositionUnit;
  /** Whose movement positions tell: the sample's is the opposite of the probe's over the object. Default `probe`. */
  readonly positionsAre?: "probe" | "sample";
  /** Addresses `file::array` of what is not in the scan's own file; of positions also `file::x,y`. */
  readonly patterns?: string;
  readonly positions?: string;
  readonly probeFile?: string;
  readonly objectFile?: string;
  readonly maskFile?: string;
  /** What is known of the experiment beside the file. */
  readonly geometry?: GeometryStatement;
  /**
   * Whether frames will be left out, which may then have numbers that no detector measures: reading does not refuse these,
   * `checkedScan` does for the frames that are used. Default false.
   */
  readonly someLeftOut?: boolean;
  /** Of a file that holds several scans, told apart by its array `scan_index`, this one alone. Default: all patterns. */
  readonly scanIndex?: number;
  /** Frames that are left out, `17,40-52`, counted within the scan: their positions need not be numbers. Default: none. */
  readonly skipFrames?: string;
  /** Frames that are used, `0-99,200-400/4,/10`, likewise. Default: all. */
  readonly useFrames?: string;
}

/** Units of length that positions come in, in metres. */
export const lengthUnits = { m: 1, mm: 1e-3, um: 1e-6, nm: 1e-9, angstrom: 1e-10 } as const;

export type PositionUnit = "px" | keyof typeof lengthUnits;

/** Pixels between the object's edge and the outermost window when a reader chooses the origin: room for sub-pixel shifts. */
export const SCAN_MARGIN = 2;

/** The setting that states an option. */
export const settingOf = (option: keyof ScanOptions): string =>
  option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** An option as advice in errors and reports names it. */
export const optionAdvice = (option: keyof ScanOptions, value = "…"): string => setting(settingOf(option), value);
