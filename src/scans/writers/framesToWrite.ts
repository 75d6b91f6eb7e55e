import type { Dataset } from "../../data/dataset.ts";

/** A scan whose patterns come once, in order. */
export interface FramesToWrite extends Omit<Dataset, "patterns"> {
  readonly shape: readonly [count: number, height: number, width: number];
  /** Whole frames, float32, in the Dataset's measurement; they may be overwritten. */
  frames(): Frames;
  /** Whether frames can be asked for again, and are then the same. Default false. */
  readonly again?: boolean;
  /** What holds all counts, where these were looked at and are whole numbers; else float32 does. */
  readonly countType?: CountType;
}

export type CountType = "uint8" | "uint16" | "uint32";

/** Some whole frames at a time. */
export type Frames = Iterable<Float32Array> | AsyncIterable<Float32Array>;
