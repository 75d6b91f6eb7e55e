import type { ComplexArray } from "../arrays.ts";
import type { FreeSpace } from "../numerics/angularSpectrum.ts";
import type { Geometry } from "../optics/geometry.ts";

/**
 * What engines reconstruct from, in the one normalisation of the project (`data/normalisation.ts`): the mean energy of a
 * pattern, and of the probe, is h w / 4, so that a unit object explains it, and all numbers are of order one.
 */
export interface EngineScan {
  readonly amplitudes: Amplitudes;
  /** `[frame, 2]`: where each window's centre, index floor(n / 2), sits in the object, (y, x) in object pixels. */
  readonly positions: Float64Array;
  /** `[mode, h, w]`: the first guess. Modes are incoherent. */
  readonly probe: ComplexArray;
  /** `[h, w]`, 1 = valid. */
  readonly mask?: Float32Array;
  /** The first guess, `[slice or state, H, W]`, and the object pixel of its first pixel, (y, x). Default 1 everywhere. */
  readonly object?: { readonly values: ComplexArray; readonly origin: readonly [y: number, x: number] };
  /** `[h, w]`: the first guess of the light that all patterns have, in squared amplitudes, for what refines it. */
  readonly background?: Float32Array;
  /** s of every frame, the first guess of √ of the beam's intensity in it over the mean, for what refines it. */
  readonly intensities?: Float64Array;
  /** How the probe's first mode varies from frame to frame, for what refines it. */
  readonly variations?: Variations;
  /** Counts of one unit of squared amplitude. */
  readonly countsPerUnit: number;
  readonly geometry?: Geometry;
  /** Of an object too thick for one transmission. Default one slice. */
  readonly slices?: Slices;
  /** Of an object that is in several states while it is seen. Default one; slices have one alone. */
  readonly objectModes?: ObjectModes;
}

/** Incoherent states of an object: the patterns of all add up. */
export interface ObjectModes {
  readonly count: number;
  /** Part of the object's power that each added one begins with. */
  readonly power: number;
  /** Of the noise that tells them apart at first. */
  readonly seed: number;
}

/** The first mode of frame j is P + Σ_k w_jk U_k. */
export interface Variations {
  /** `[K, h, w]`: U. */
  readonly directions: ComplexArray;
  /** `[frame, K]`: w, real. */
  readonly weights: Float64Array;
}

/** Layers that light passes one after the other, the first first. */
export interface Slices {
  readonly count: number;
  /** From one to the next, in object pixels. */
  readonly between: FreeSpace;
}

/** Measured amplitudes √I of frames, zero frequency at floor(n / 2). They may lie in a file. */
export interface Amplitudes {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Into `out`, `[frames.length, h, w]`. */
  read(frames: ArrayLike<number>, out: Float32Array): void;
  /** Where they are kept once they are prepared. Default: in memory up to `KEPT_BYTES`, else they are prepared anew. */
  readonly keeping?: Keeping;
}

/** Where frames are kept that are asked for in every epoch. */
export interface Keeping {
  /** Bytes of them that may be in memory. */
  readonly inMemory: number;
  /** Makes room outside memory, where they are more. */
  readonly shelf?: (frames: number, pixels: number) => Shelf;
}

/** Frames one after the other in room of their own. */
export interface Shelf {
  /** Puts some behind those that are there. */
  append(values: Float32Array): void;
  /** The frame at a place; good until the next is asked for. */
  get(place: number): Float32Array;
  remove(): void;
}
