import { type Canvas, placesOf, type SubPixel } from "./canvas.ts";
import type { Images, Kernels, Numbers, Windows } from "./kernels/kernels.ts";
import type { Passage } from "./passage.ts";
import { PreparedFrames } from "./preparedFrames.ts";
import type { EngineScan } from "./scan.ts";

/** Some frames, and their windows on the device. */
export interface Placed {
  readonly frames: Int32Array;
  readonly windows: Windows;
  /** `[B, 2]`: by how far their light is moved, where it is. */
  readonly shifts?: Numbers;
}

/** Some frames, their measured amplitudes and windows on the device. */
export interface Batch extends Placed {
  /** `[B, 1, h, w]`, √I. */
  readonly measured: Images;
}

export interface BatchesOptions {
  readonly canvas: Canvas;
  readonly passage: Passage;
  /** Most frames of a batch. */
  readonly largest: number;
  readonly subPixel: SubPixel;
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
  readonly #prepared: PreparedFrames;
  readonly #measured: Images;
  readonly #windows: Windows;
  readonly #shifts: Numbers | undefined;

  constructor(kernels: Kernels, scan: EngineScan, options: BatchesOptions) {
    const { canvas, passage, largest, subPixel } = options;
    const { count, height, width } = scan.amplitudes;
    this.largest = Math.min(largest, count);
    this.#kernels = kernels;
    this.#scan = scan;
    this.#canvas = canvas;
    this.#subPixel = subPixel;
    this.#prepared = new PreparedFrames(scan.amplitudes, (images) => passage.toDevice(images));
    this.#measured = kernels.images([this.largest, 1, height, width]);
    this.#windows = kernels.windows(this.largest);
    this.#shifts = subPixel === "fourier" ? kernels.numbers(this.largest, 2) : undefined;
  }

  /** Frames that will be loaded again and again: see `PreparedFrames`. */
  prepare(frames: Int32Array): Generator<void, void, void> {
    return this.#prepared.prepare(frames);
  }

  /** @param positions `[frame, 2]` of all frames, as they are now */
  load(frames: Int32Array, positions: Float64Array): Batch {
    const kernels = this.#kernels;
    const measured = kernels.frames(this.#measured, 0, frames.length);
    // Straight from where they are kept: patterns are the most that an engine moves.
    this.#prepared.load(frames, (k, count, values) => kernels.write(kernels.frames(this.#measured, k, count), values));
    return { measured, ...this.place(frames, positions) };
  }

  /** Their windows alone. */
  place(frames: Int32Array, positions: Float64Array): Placed {
    const kernels = this.#kernels;
    const { height, width } = this.#scan.amplitudes;
    const windows = kernels.frames(this.#windows, 0, frames.length);
    const places = placesOf(positions, frames, [height, width], this.#canvas, this.#subPixel);
    kernels.place(windows, places);
    if (this.#shifts === undefined) return { frames, windows };
    const shifts = kernels.frames(this.#shifts, 0, frames.length);
    kernels.write(shifts, places.rest);
    return { frames, windows, shifts };
  }

  release(): void {
    this.#prepared.release();
    this.#kernels.release(this.#measured, this.#windows, ...(this.#shifts === undefined ? [] : [this.#shifts]));
  }
}
