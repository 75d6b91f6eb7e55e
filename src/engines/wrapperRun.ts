import type { Random } from "../random.ts";
import type { Batch, Placed } from "./batches.ts";
import type { Held, Images, Numbers, Waves } from "./kernels/kernels.ts";
import type { EngineScan } from "./scan.ts";
import type { OfFrames } from "./shares.ts";

/** What the data ask of the wave behind a slice, or behind a state of the object. */
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
  /** Of every slice, or every state, the first first: what is beside it is that one's. A thin object has one. */
  readonly slices: readonly SliceChange[];
  /** Those of them that the probe itself lights, which together move it: the first slice, or every state. */
  readonly lit: readonly SliceChange[];
  /** As `Kernels.likelihood` says. */
  readonly misfit: Numbers;
}

/** Frames to look at. */
export interface FramePass {
  readonly frames: Int32Array;
  /** Whether something that all frames share may be learnt of these: they are not held out. */
  readonly explained: boolean;
  readonly random: Random;
}

/**
 * A running wrapper. Each hook records operations, and may wait for numbers. Of several processes each sees the changes of its
 * own frames; what it has added up of them is summed in `refine` or `endEpoch`, which all processes come to.
 */
export interface WrapperRun {
  /** What it changes of how patterns are made, looked at for every batch. */
  readonly optics?: Optics;
  /** All wrappers are there, and no frame was looked at. */
  wrapped?(): void;
  /** χ of a batch is known, object and probe are still those it was made with. */
  changed?(change: Change): void | Promise<void>;
  /** Object and probe have moved: after a batch, or an epoch where the engine moves them only then. */
  moved?(): void | Promise<void>;
  /** Looks at frames itself: after the engine's pass, before `endEpoch`; and at those that are held out, after `endEpoch`. */
  refine?(pass: FramePass): Promise<void>;
  /** @returns lines worth telling */
  endEpoch?(epoch: number): readonly string[] | Promise<readonly string[]>;
  /** What is to be doubted of it after the last epoch; nothing where nothing is. */
  doubt?(): string | undefined;
  /**
   * What it knows of single frames, fitted to frames that are held out, with all that frames share as it is: object,
   * probe, background. After the epoch, and only where it has such knowledge.
   */
  fitFrames?(change: Change): void | Promise<void>;
  /** The probe was multiplied by a factor, in the light of all frames: what belongs to it is to follow. */
  rescaled?(factor: number): void;
  /** `[1, any, h, w]`: waves that belong to the probe. Who moves it in its window moves them too. */
  readonly beside?: Waves;
  /** What it adds to the estimate that a stage leaves. */
  estimate?(): Promise<Pick<EngineScan, "background" | "intensities" | "variations">>;
  /** What it knows of single frames: with several processes that of the frame's own is everywhere, after a pass. */
  readonly ofFrames?: readonly OfFrames[];
  /** What must survive a checkpoint: on the device, and plain numbers that are changed in place. */
  readonly memory?: Readonly<Record<string, Exclude<Held, { kind: "windows" }> | Float64Array>>;
}

/** What a factor of the likelihood is. */
export interface Asked {
  /** Whether something may be learnt of it: frames are not held out, and waves are what object and probe make of them. */
  readonly explained: boolean;
  /** Of the factor, close to the solution, over that of amplitudes, √(I / Î) − 1: 2 of Poisson's (I − Î) / Î. */
  readonly length: number;
}

/** Parts of the forward model beside object, probe and propagation. */
export interface Optics {
  /** `[B, M]`: what lights these frames, made of what the others before it in the list, or the probe, give (`[1 or B, M]`), linear in it but for a constant. */
  probe?(placed: Placed, probe: Waves): Waves;
  /** Expected intensities `[B, 1]` become what a detector counts, in place. Linear but for a constant. */
  detector?(expected: Images, batch: Batch): void;
  /** The linear part of `detector` alone, in place, where it is more than the identity. */
  detectorLinear?(images: Images, batch: Batch): void;
  /** The adjoint of its linear part, on the likelihood's factor, in place. */
  detectorAdjoint?(factor: Images, batch: Batch, asked: Asked): void;
}
