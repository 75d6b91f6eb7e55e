import { type Canvas, placesOf, type SubPixel } from "./canvas.ts";
import type { Images, Kernels, Windows } from "./kernels/kernels.ts";
import type { Passage } from "./passage.ts";
import type { EngineScan } from "./scan.ts";

/** Some frames, and their windows on the device. */
export interface Placed {
  readonly frames: Int32Array;
  readonly windows: Windows;
}

/** Some frames, their measured amplitudes and windows on the device. */
export interface Batch extends Placed {
  /** `[B, 1, h, w]`, √I. */
  readonly measured: Images;
}

/** Patterns up to this many bytes are kept in memory, turned; more are read anew in every epoch. */
export const KEPT_BYTES: number = 2 ** 30;

export interface BatchesOptions {
  readonly canvas: Canvas;
  readonly passage: Passage;
  /** Most frames of a batch. */
  readonly largest: number;
  readonly subPixel: SubPixel;
  /** Default `KEPT_BYTES`. */
  readonly keptBytes?: number;
}

/**
 * Brings frames to the device, some at a time, always in the same memory: a batch is good until the next is asked for.
 */
export class Batches {
  readonly largest: number;
  readonly #kernels: Kernels;
  readonly #scan: EngineScan;
  readonly #canvas: Canvas;
  readonly #subPixel: SubPixel;
  readonly #passage: Passage;
  readonly #measured: Images;
  readonly #windows: Windows;
  readonly #room: Float32Array;
  /** `[frame, h, w]` in the device's order, where all of them are kept; and which are there. */
  readonly #kept: Float32Array | undefined;
  readonly #have: Uint8Array;

  constructor(kernels: Kernels, scan: EngineScan, options: BatchesOptions) {
    const { canvas, passage, largest, subPixel, keptBytes = KEPT_BYTES } = options;
    const { count, height, width } = scan.amplitudes;
    this.largest = Math.min(largest, count);
    this.#kernels = kernels;
    this.#scan = scan;
    this.#canvas = canvas;
    this.#subPixel = subPixel;
    this.#passage = passage;
    this.#measured = kernels.images([this.largest, 1, height, width]);
    this.#windows = kernels.windows(this.largest);
    this.#room = new Float32Array(this.largest * height * width);
    this.#kept = 4 * count * height * width > keptBytes ? undefined : new Float32Array(count * height * width);
    this.#have = new Uint8Array(count);
  }

  /** @param positions `[frame, 2]` of all frames, as they are now */
  load(frames: Int32Array, positions: Float64Array): Batch {
    const measured = this.#kernels.frames(this.#measured, 0, frames.length);
    this.#kernels.write(measured, this.#amplitudes(frames));
    return { frames, measured, windows: this.place(frames, positions) };
  }

  /** Their windows alone. */
  place(frames: Int32Array, positions: Float64Array): Windows {
    const { height, width } = this.#scan.amplitudes;
    const windows = this.#kernels.frames(this.#windows, 0, frames.length);
    this.#kernels.place(windows, placesOf(positions, frames, [height, width], this.#canvas, this.#subPixel));
    return windows;
  }

  #amplitudes(frames: Int32Array): Float32Array {
    const { height, width } = this.#scan.amplitudes;
    const pixels = height * width;
    const out = this.#room.subarray(0, frames.length * pixels);
    const kept = this.#kept;
    if (kept === undefined) return this.#read(frames, out);
    const missing = frames.filter((frame) => this.#have[frame] === 0);
    if (missing.length > 0) {
      const read = this.#read(missing, new Float32Array(missing.length * pixels));
      missing.forEach((frame, k) => {
        kept.set(read.subarray(k * pixels, (k + 1) * pixels), frame * pixels);
        this.#have[frame] = 1;
      });
    }
    frames.forEach((frame, k) => {
      out.set(kept.subarray(frame * pixels, (frame + 1) * pixels), k * pixels);
    });
    return out;
  }

  #read(frames: Int32Array, out: Float32Array): Float32Array {
    this.#scan.amplitudes.read(frames, out);
    return this.#passage.toDevice(out);
  }

  release(): void {
    this.#kernels.release(this.#measured, this.#windows);
  }
}
