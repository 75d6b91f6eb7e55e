import { PtychonautError } from "../../../errors.ts";
import { PAGE, type WasmMemory } from "./module.ts";

/** Blocks begin on whole cache lines. */
const LINE = 64;

interface Block {
  readonly at: number;
  readonly bytes: number;
}

/** Blocks of a module's memory, which grows when none is free that is long enough. */
export class Heap {
  readonly memory: WasmMemory;
  /** Sorted by address; no two touch. */
  #free: Block[];
  readonly #held = new Map<number, number>();
  #views: ArrayBufferLike;
  #bytes: Uint8Array;
  #integers: Int32Array;
  #singles: Float32Array;
  #doubles: Float64Array;

  constructor(memory: WasmMemory, from: number) {
    const at = roundUp(from);
    this.memory = memory;
    this.#views = memory.buffer;
    this.#bytes = new Uint8Array(this.#views);
    this.#integers = new Int32Array(this.#views);
    this.#singles = new Float32Array(this.#views);
    this.#doubles = new Float64Array(this.#views);
    this.#free = [{ at, bytes: memory.buffer.byteLength - at }];
  }

  /** @throws PtychonautError "memory" where there is no room */
  allocate(bytes: number): number {
    const wanted = roundUp(Math.max(bytes, 1));
    let index = this.#free.findIndex((block) => block.bytes >= wanted);
    if (index < 0) {
      this.#grow(wanted);
      index = this.#free.length - 1;
    }
    const { at, bytes: room } = this.#free[index];
    if (room === wanted) this.#free.splice(index, 1);
    else this.#free[index] = { at: at + wanted, bytes: room - wanted };
    this.#held.set(at, wanted);
    return at;
  }

  /** @throws PtychonautError "usage" for what is not the start of a block */
  free(at: number): void {
    const bytes = this.#held.get(at);
    if (bytes === undefined)
      throw new PtychonautError("usage", "what is to be released is not held", {
        fix: "release a whole, and once: its parts go with it",
      });
    this.#held.delete(at);
    this.#add({ at, bytes });
  }

  #add(block: Block): void {
    let index = this.#free.findIndex(({ at }) => at > block.at);
    if (index < 0) index = this.#free.length;
    let { at, bytes } = block;
    let [from, count] = [index, 0];
    const [before, after] = [this.#free[index - 1], this.#free[index]];
    if (after !== undefined && at + bytes === after.at) {
      bytes += after.bytes;
      count++;
    }
    if (before !== undefined && before.at + before.bytes === at) {
      at = before.at;
      bytes += before.bytes;
      from--;
      count++;
    }
    this.#free.splice(from, count, { at, bytes });
  }

  /** The last free block is at least as long as wanted after this. */
  #grow(wanted: number): void {
    const size = this.memory.buffer.byteLength;
    const last = this.#free.at(-1);
    const spare = last !== undefined && last.at + last.bytes === size ? last.bytes : 0;
    const least = Math.ceil((wanted - spare) / PAGE);
    // A quarter more saves growing again soon; where that is too much, what is needed.
    if (!this.#tryGrow(Math.max(least, Math.ceil(size / PAGE / 4))) && !this.#tryGrow(least))
      throw new PtychonautError("memory", "there is no room for these planes", {
        expected: `${mebibytes(wanted)} MiB more`,
        got: `${mebibytes(size)} MiB in use, of 4096 that WebAssembly can have`,
        fix: "take a smaller batch",
      });
    this.#add({ at: size, bytes: this.memory.buffer.byteLength - size });
  }

  #tryGrow(pages: number): boolean {
    try {
      this.memory.grow(pages);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /** Growing makes other views. */
  #refresh(): void {
    const { buffer } = this.memory;
    if (buffer === this.#views) return;
    this.#views = buffer;
    this.#bytes = new Uint8Array(buffer);
    this.#integers = new Int32Array(buffer);
    this.#singles = new Float32Array(buffer);
    this.#doubles = new Float64Array(buffer);
  }

  get bytes(): Uint8Array {
    this.#refresh();
    return this.#bytes;
  }
  get integers(): Int32Array {
    this.#refresh();
    return this.#integers;
  }
  get singles(): Float32Array {
    this.#refresh();
    return this.#singles;
  }
  get doubles(): Float64Array {
    this.#refresh();
    return this.#doubles;
  }
}

const roundUp = (bytes: number): number => LINE * Math.ceil(bytes / LINE);
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
