import type { Batch, Placed } from "./batches.ts";
import type { Held, Images, Numbers, Waves } from "./kernels/kernels.ts";
import type { EngineScan } from "./scan.ts";

/** What the data ask of the wave behind a slice. */
export interface SliceChange {
  /** `[B, 1]`: R_j O. */
  readonly patches: Waves;
  /** `[1 or B, M]`: what lights the slice in these frames. */
  readonly probe: Waves;
  /** `[B, M]`: χ. */
  readonly change: Waves;
}

/** How object and probe explain some frames, and the change of the exit waves that the data ask for. */
export interface Change extends SliceChange {
  readonly batch: Batch;
  /** Of every slice, the first first: what is beside it is that one's. A thin object has one. */
  readonly slices: readonly SliceChange[];
  /** As `Kernels.likelihood` says. */
  readonly misfit: Numbers;
}

/** A running wrapper. Each hook records operations, and may wait for numbers. */
export interface WrapperRun {
  /** What it changes of how patterns are made, looked at for every batch. */
  readonly optics?: Optics;
  /** χ of a batch is known, object and probe are still those it was made with. */
  changed?(change: Change): void | Promise<void>;
  /** Object and probe have moved: after a batch, or an epoch where the engine moves them only then. */
  moved?(): void | Promise<void>;
  /** @returns lines worth telling */
  endEpoch?(epoch: number): readonly string[] | Promise<readonly string[]>;
  /**
   * What it knows of single frames, fitted to frames that are held out, with all that frames share as it is: object,
   * probe, background. After the epoch, and only where it has such knowledge.
   */
  fitFrames?(change: Change): void | Promise<void>;
  /** What it adds to the estimate that a stage leaves. */
  estimate?(): Promise<Pick<EngineScan, "background">>;
  /** What must survive a checkpoint: on the device, and plain numbers that are changed in place. */
  readonly memory?: Readonly<Record<string, Exclude<Held, { kind: "windows" }> | Float64Array>>;
}

/** Parts of the forward model beside object, probe and propagation. */
export interface Optics {
  /** `[B, M]`: what lights these frames, made of what the others before it in the list, or the probe, give (`[1 or B, M]`). */
  probe?(placed: Placed, probe: Waves): Waves;
  /** Expected intensities `[B, 1]` become what a detector counts, in place. Linear but for a constant. */
  detector?(expected: Images, batch: Batch): void;
  /**
   * The adjoint of its linear part, on the likelihood's factor, in place.
   * @param explained whether something may be learnt of these frames: they are not held out
   */
  detectorAdjoint?(factor: Images, batch: Batch, explained: boolean): void;
}
