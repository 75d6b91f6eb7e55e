import type { Factor, Shape } from "../kernels.ts";
import type { Heap } from "./heap.ts";
import type { Planes, Row } from "./planes.ts";

/** Words that a program may have before it is run. */
const WORDS = 16_384;
/** The longest record is shorter. */
const RECORD_WORDS = 96;

/** Records operations as words, as `assembly/engines/record.ts` reads them. */
export class Program {
  readonly #heap: Heap;
  readonly #words = new Int32Array(WORDS);
  readonly #double = new Float64Array(1);
  readonly #halves = new Int32Array(this.#double.buffer);
  #length = 0;
  readonly at: number;

  constructor(heap: Heap) {
    this.#heap = heap;
    this.at = heap.allocate(4 * WORDS);
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }
  get isFull(): boolean {
    return this.#length > WORDS - RECORD_WORDS;
  }

  /** Appends a record: opcode, length, words, factors. */
  add(opcode: number, words: readonly number[], factors: readonly Factor[] = []): void {
    const start = this.#length;
    const numbers = start + 2 + words.length + 2 * factors.length;
    this.#words[start] = opcode;
    this.#words.set(words, start + 2);
    this.#length = numbers;
    factors.forEach((factor, i) => {
      const word = start + 2 + words.length + 2 * i;
      if (typeof factor === "number") {
        this.#words[word] = this.at + 4 * this.#length;
        this.#words[word + 1] = 0;
        this.#double[0] = factor;
        this.#words.set(this.#halves, this.#length);
        this.#length += 2;
      } else {
        this.#words[word] = (factor as Row).at;
        this.#words[word + 1] = factor.frames === 1 ? 0 : 8;
      }
    });
    this.#words[start + 1] = this.#length - start;
  }

  /** Puts the program where the module reads it, and begins another. @returns where it ends */
  finish(): number {
    this.#heap.integers.set(this.#words.subarray(0, this.#length), this.at / 4);
    const end = this.at + 4 * this.#length;
    this.#length = 0;
    return end;
  }
}

/** Words of an operand. Extents of 1 repeat, or are summed over. */
export const operand = ({ shape, at, frameStride, modeStride, pitch }: Planes): number[] => [
  at,
  shape[0] === 1 ? 0 : frameStride,
  shape[1] === 1 ? 0 : modeStride,
  pitch,
];

/** Extents and three operands, which most records begin with. */
export const operands = (extents: Shape, first: Planes, second: Planes = first, third: Planes = first): number[] => [
  ...extents,
  ...operand(first),
  ...operand(second),
  ...operand(third),
];
