import type { Dataset } from "../../data/dataset.ts";

/** A scan whose patterns come once, in order. */
export interface FramesToWrite extends Omit<Dataset, "patterns"> {
  readonly shape: readonly [count: number, height: number, width: number];
  /** Whole frames, float32, in the Dataset's measurement; they may be overwritten. */
  frames(): Frames;
}

/** Some whole frames at a time. */
export type Frames = Iterable<Float32Array> | AsyncIterable<Float32Array>;
