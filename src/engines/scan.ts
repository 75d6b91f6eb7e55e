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
  /** The first guess, `[slice, H, W]`, and the object pixel of its first pixel, (y, x). Default 1 everywhere. */
  readonly object?: { readonly values: ComplexArray; readonly origin: readonly [y: number, x: number] };
  /** `[h, w]`: the first guess of the light that all patterns have, in squared amplitudes, for what refines it. */
  readonly background?: Float32Array;
  /** Counts of one unit of squared amplitude. */
  readonly countsPerUnit: number;
  readonly geometry?: Geometry;
  /** Of an object too thick for one transmission. Default one slice. */
  readonly slices?: Slices;
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
}
