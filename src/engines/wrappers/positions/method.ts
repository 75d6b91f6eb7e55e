import type { Random } from "../../../random.ts";
import type { OfFrames } from "../../shares.ts";
import type { Change } from "../../wrapperRun.ts";

/** How positions are corrected. */
export interface PositionMethod {
  /** Where frames of a batch want to go by their χ: `[B, 2]`, in object pixels, (y, x). */
  shifts(change: Change): Promise<Float64Array>;
  /** Factor on the steps of an epoch, `[frame, 2]`, NaN where a frame was not asked. Default 1. */
  factor?(steps: Float64Array): number;
  /**
   * Looks at frames itself when an engine has passed them.
   * @returns `[frames.length, 2]`: whole steps of those of this process that are better off elsewhere, NaN of the others
   */
  search?(frames: Int32Array, random: Random): Promise<Float64Array>;
  /** Told how many of the frames that are explained a search has moved. */
  searched?(moved: number, frames: number): void;
  /** What it knows of single frames. */
  readonly ofFrames?: readonly OfFrames[];
  /** What it remembers, changed in place. */
  readonly memory?: Readonly<Record<string, Float64Array>>;
}
