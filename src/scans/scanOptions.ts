import type { Measurement } from "../data/dataset.ts";
import { setting } from "../errors.ts";
import type { GeometryStatement } from "../optics/geometry.ts";

/**
 * What a scan file does not say about itself. Every default is the PtychoPINN contract; whatever differs from it must be
 * said, because no choice here can be told from the numbers with certainty (`inspect` shows the evidence).
 */
export interface ScanOptions {
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
  /** Which column of `positionsKey` comes first. */
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
  /** What is known of the experiment beside the file. */
  readonly geometry?: GeometryStatement;
