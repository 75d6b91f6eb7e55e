import { alone, type Communicator } from "../communicator.ts";
import type { Images, Kernels, Numbers, Waves } from "./kernels/kernels.ts";

type Summed = Waves | Images | Numbers;

/** `[frame, each]`: numbers of single frames, of which every process has those of its own. */
export interface OfFrames {
  readonly values: Float64Array;
  readonly each: number;
}

/** Bytes that pass at once where all rows are brought together. */
const PIECE = 2 ** 24;

/**
 * Which of several processes looks at which frames, and what all of them have found. The k-th frame of an epoch belongs to
 * process k mod R, through all epochs: it alone reads the pattern, and keeps what is known of the frame. Neighbours in a
 * scan's order are so of different processes, and batches of neighbours are shared as well as others. Object, probe and
 * numbers that are not of single frames are the same everywhere, to the bit. One process has everything: nothing is copied.
 */
export class Shares {
  readonly ranks: Communicator;
  readonly #kernels: Kernels;
  #all: Int32Array | undefined;
  /** By frame, of `#all`. */
  readonly #owners: Int32Array;

  constructor(kernels: Kernels, frames: number, ranks: Communicator = alone) {
    this.ranks = ranks;
    this.#kernels = kernels;
    this.#owners = new Int32Array(frames);
  }

  /** Whether there are others. */
  get shared(): boolean {
    return this.ranks.size > 1;
  }

  /** This process's part of a batch of an epoch's frames. Default: of all of them. */
  ownOf(batch: Int32Array, all: Int32Array = batch): Int32Array {
    return this.shared ? this.placesOf(batch, all).map((place) => batch[place]) : batch;
  }

  /** Places in a batch of the frames that are its own. */
  placesOf(batch: Int32Array, all: Int32Array): Int32Array {
    const { rank, size } = this.ranks;
    if (size > 1 && this.#all !== all) {
      all.forEach((frame, k) => {
        this.#owners[frame] = k % size;
      });
      this.#all = all;
    }
    return Int32Array.from(batch.keys()).filter((place) => size === 1 || this.#owners[batch[place]] === rank);
  }

  /** Most frames that are a process's, of so many. */
  most(frames: number): number {
    return Math.ceil(frames / this.ranks.size);
  }

  /** What all have, in the place of what each has. */
  async sum(...held: readonly Summed[]): Promise<void> {
    if (!this.shared) return;
    const parts: (Float32Array | Float64Array)[] = [];
    for (const each of held) parts.push((await this.#kernels.read(each)).slice());
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const singles = parts.every((part) => part instanceof Float32Array);
    const all = singles ? new Float32Array(length) : new Float64Array(length);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    await this.ranks.sum(all);
    at = 0;
    for (const [i, { length: size }] of parts.entries()) {
      this.#kernels.write(held[i], all.subarray(at, at + size));
      at += size;
    }
  }

  /** The largest of all: of one number. */
  async largest(most: Numbers): Promise<void> {
    if (!this.shared) return;
    const { rank, size } = this.ranks;
    const each = new Float64Array(size);
    [each[rank]] = await this.#kernels.read(most);
    await this.ranks.sum(each);
    this.#kernels.write(most, [each.reduce((a, b) => Math.max(a, b))]);
  }

  /**
   * Rows of a batch's frames, which each process has of its own.
   *
   * @param own `[places.length, each]`
   * @returns `[count, each]`
   */
  async rows(own: Float64Array, places: Int32Array, count: number, each: number): Promise<Float64Array> {
    if (!this.shared) return own;
    const out = new Float64Array(count * each);
    places.forEach((place, k) => {
      out.set(own.subarray(k * each, (k + 1) * each), place * each);
    });
    await this.ranks.sum(out);
    return out;
  }

  /** Numbers of these frames become, everywhere, what the processes have whose frames they are. @param all of an epoch */
  async join(all: Int32Array, numbers: readonly OfFrames[]): Promise<void> {
    if (!this.shared || numbers.length === 0) return;
    const width = numbers.reduce((sum, { each }) => sum + each, 0);
    const places = this.placesOf(all, all);
    const own = new Float64Array(places.length * width);
    let column = 0;
    for (const { values, each } of numbers) {
      places.forEach((place, k) => {
        own.set(values.subarray(all[place] * each, (all[place] + 1) * each), k * width + column);
      });
      column += each;
    }
    const rows = await this.rows(own, places, all.length, width);
    column = 0;
    for (const { values, each } of numbers) {
      all.forEach((frame, k) => {
        values.set(rows.subarray(k * width + column, k * width + column + each), frame * each);
      });
      column += each;
    }
  }

  /**
   * All rows of what is dealt out: row k of all is row ⌊k / R⌋ of process k mod R, which has `most(count)` of them.
   *
   * @returns `[count, each]` in process 0, where there is room for it; nothing in others
   */
  async together(held: Waves, count: number): Promise<Float32Array | Float64Array> {
    const kernels = this.#kernels;
    if (!this.shared) return (await kernels.read(kernels.frames(held, 0, count))).slice();
    const { rank, size } = this.ranks;
    const own = held.shape[0];
    const each = 2 * held.shape[1] * held.shape[2] * held.shape[3];
    const wide = kernels.epsilon < 2 ** -30;
    const numbers = (length: number) => (wide ? new Float64Array(length) : new Float32Array(length));
    const out = numbers(rank === 0 ? count * each : 0);
    const some = Math.max(1, Math.floor(PIECE / ((wide ? 8 : 4) * each)));
    for (let from = 0; from < own; from += some) {
      const rows = Math.min(some, own - from);
      const part = (await kernels.read(kernels.frames(held, from, rows))).slice();
      const parts = await this.ranks.gather(new Uint8Array(part.buffer));
      if (rank > 0) continue;
      parts.forEach((bytes, of) => {
        const values = numbers(rows * each);
        new Uint8Array(values.buffer).set(bytes);
        for (let row = 0; row < rows; row++) {
          const place = (from + row) * size + of;
          if (place < count) out.set(values.subarray(row * each, (row + 1) * each), place * each);
        }
      });
    }
    return out;
  }

  /** This process's rows of all, as `together` has them. */
  deal(held: Waves, all: Float32Array | Float64Array): void {
    const { rank, size } = this.ranks;
    const each = 2 * held.shape[1] * held.shape[2] * held.shape[3];
    for (let row = 0; row < held.shape[0]; row++) {
      const place = row * size + rank;
      if ((place + 1) * each > all.length) return;
      this.#kernels.write(this.#kernels.frames(held, row, 1), all.subarray(place * each, (place + 1) * each));
    }
  }
}
