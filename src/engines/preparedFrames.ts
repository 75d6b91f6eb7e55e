import type { Amplitudes, Keeping, Shelf } from "./scan.ts";

/** Where nobody says otherwise. */
export const KEPT_BYTES: number = 2 ** 30;

/** Bytes that are prepared at a time. */
const PIECE_BYTES = 2 ** 20;

/**
 * Frames as the device takes them, each prepared once: they are kept in memory, or on a shelf outside it where they are too
 * many, or else prepared whenever they are asked for. Which of these changes no number.
 */
export class PreparedFrames {
  readonly #amplitudes: Amplitudes;
  readonly #toDevice: (images: Float32Array) => Float32Array;
  readonly #keeping: Keeping;
  /** Undefined until something is kept. */
  #shelf: Shelf | undefined;
  /** That the shelf may have. */
  #most: number | undefined;
  #filled = 0;
  /** Of every frame on the shelf, -1 of others. */
  readonly #places: Int32Array;
  #room = new Float32Array();

  /** @param toDevice brings images to the device's order of pixels */
  constructor(amplitudes: Amplitudes, toDevice: (images: Float32Array) => Float32Array) {
    this.#amplitudes = amplitudes;
    this.#toDevice = toDevice;
    this.#keeping = amplitudes.keeping ?? { inMemory: KEPT_BYTES };
    this.#places = new Int32Array(amplitudes.count).fill(-1);
  }

  get #pixels(): number {
    return this.#amplitudes.height * this.#amplitudes.width;
  }

  /**
   * Prepares those that will be asked for again and again, in the order in which they lie; does nothing where they are not
   * kept. It stops between pieces for as long as the caller likes; what is not done then is done when it is asked for.
   */
  *prepare(frames: Int32Array): Generator<void, void, void> {
    this.#most ??= this.#fit(frames.length);
    const missing = frames.filter((frame) => this.#places[frame] < 0).sort();
    const step = Math.max(1, Math.floor(PIECE_BYTES / (4 * this.#pixels)));
    for (let from = 0; from < missing.length; from += step) {
      if (!this.#put(missing.subarray(from, from + step))) return;
      yield;
    }
  }

  /** @param give takes frames from the k-th on, one after the other; what it is given is good until it returns */
  load(frames: Int32Array, give: (k: number, count: number, values: Float32Array) => void): void {
    this.#most ??= this.#fit(this.#amplitudes.count);
    const missing = frames.filter((frame) => this.#places[frame] < 0);
    const kept = missing.length === 0 || this.#put(missing);
    const shelf = this.#shelf;
    if (!kept || shelf === undefined) give(0, frames.length, this.#read(frames));
    else
      frames.forEach((frame, k) => {
        give(k, 1, shelf.get(this.#places[frame]));
      });
  }

  /** So many, or none. */
  #fit(count: number): number {
    return this.#keeping.shelf !== undefined || this.#bytes(count) <= this.#keeping.inMemory ? count : 0;
  }

  #bytes(count: number): number {
    return 4 * count * this.#pixels;
  }

  /** @returns false where they have no place */
  #put(frames: Int32Array): boolean {
    const most = this.#most ?? 0;
    if (this.#filled + frames.length > most) return false;
    this.#shelf ??=
      this.#bytes(most) <= this.#keeping.inMemory || this.#keeping.shelf === undefined
        ? memoryShelf(most, this.#pixels)
        : this.#keeping.shelf(most, this.#pixels);
    this.#shelf.append(this.#read(frames));
    for (const frame of frames) this.#places[frame] = this.#filled++;
    return true;
  }

  #read(frames: Int32Array): Float32Array {
    const length = frames.length * this.#pixels;
    if (this.#room.length < length) this.#room = new Float32Array(length);
    const room = this.#room.subarray(0, length);
    this.#amplitudes.read(frames, room);
    return this.#toDevice(room);
  }

  release(): void {
    this.#shelf?.remove();
  }
}

/** In memory, of which the system gives what is written to. */
function memoryShelf(count: number, pixels: number): Shelf {
  const rows = new Float32Array(count * pixels);
  let filled = 0;
  return {
    append(values) {
      rows.set(values, filled);
      filled += values.length;
    },
    get: (place) => rows.subarray(place * pixels, (place + 1) * pixels),
    remove: () => {},
  };
}
