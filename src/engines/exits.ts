import type { Batch } from "./batches.ts";
import type { Images, Waves } from "./kernels/kernels.ts";
import type { Layer } from "./sliceStack.ts";

/** Some frames behind the sample. Where it has several slices, `patches` and `probe` are the first one's. */
export interface Exits extends Layer {
  /** `[B, M]`: ψ, behind the last slice. */
  readonly waves: Waves;
}

/** The same, and every slice on the way, the first first. */
export interface LayeredExits extends Exits {
  readonly layers: readonly Layer[];
}

/** What patterns are compared with. */
export interface Compared {
  readonly batch: Batch;
  /** `[B, 1]`: Î. */
  readonly expected: Images;
}

/** How object and probe explain some frames. */
export interface Prediction extends LayeredExits, Compared {
  /** `[B, M]`: Ψ, in the detector's plane. */
  readonly waves: Waves;
}
