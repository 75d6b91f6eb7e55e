import { SLOTS } from "./hdf5Protocol.ts";

/**
 * How long the library may work on one of its own calls, and on an answer as a whole, which takes many: milliseconds, and one
 * more for so many bytes of the file. A call decompresses chunks of the file, an answer may look at all that is in it. What
 * does not come to an end in that time does not at all: files of a few kilobytes take milliseconds.
 */
const CALL = { base: 1500, bytes: 20_000, atMost: 2 ** 27 } as const;
const ANSWER = { base: 3000, bytes: 2000 } as const;

/** Between two looks. */
export const LOOK_EVERY = 200;

/** Time that has gone by and time that the processor has worked for this program, milliseconds. */
interface Times {
  readonly wall: number;
  readonly work: number;
}

/**
 * Watches an answer of the HDF5 thread come about. Both clocks must have run out: on a busy machine the thread waits for its
 * turn, and other threads work too. What it waits for this thread does not count.
 */
export class Hdf5Watch {
  readonly #slots: Int32Array;
  readonly #size: number;
  readonly #start: Times;
  #call: Times;
  #calls: number;
  #looked: number;

  constructor(slots: Int32Array<SharedArrayBuffer>, size: number) {
    this.#slots = slots;
    this.#size = size;
    this.#start = this.#now();
    this.#call = this.#start;
    this.#calls = Atomics.load(slots, SLOTS.calls);
    this.#looked = performance.now();
  }

  /** Whether the answer will never come. Looks now and then only. */
  isOverdue(): boolean {
    if (performance.now() - this.#looked < LOOK_EVERY / 2) return false;
    this.#looked = performance.now();
    if (Atomics.load(this.#slots, SLOTS.busy) === 0) return false;
    const now = this.#now();
    const calls = Atomics.load(this.#slots, SLOTS.calls);
    if (calls !== this.#calls) {
      this.#calls = calls;
      this.#call = now;
    }
    return (
      hasRunOut(this.#call, now, CALL.base + Math.min(this.#size, CALL.atMost) / CALL.bytes) ||
      hasRunOut(this.#start, now, ANSWER.base + this.#size / ANSWER.bytes)
    );
  }

  #now(): Times {
    const { user, system } = process.cpuUsage();
    return { wall: performance.now() - Atomics.load(this.#slots, SLOTS.waited), work: (user + system) / 1000 };
  }
}

const hasRunOut = (since: Times, now: Times, limit: number): boolean =>
  now.wall - since.wall > limit && now.work - since.work > limit;
