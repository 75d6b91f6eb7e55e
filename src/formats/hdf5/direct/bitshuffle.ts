import { checkCompiled } from "../../../compiledCode.ts";
import { packageFile } from "../../packageFile.ts";
import type { Hdf5Filter } from "../library.ts";

/** HDF5's registered number of the filter. */
export const BITSHUFFLE = 32008;

/** How a chunk was stored. */
export interface Bitshuffled {
  /** Of an element, bytes: 1, 2, 4 or 8. */
  readonly itemSize: number;
  /** Whether blocks are compressed by LZ4. */
  readonly packed: boolean;
  /** Elements of a block where they are not; 0 the filter's usual number. */
  readonly block: number;
}

/** What its list of numbers says is done to a block after its bits were sorted. */
const [NOTHING, LZ4] = [0, 2];

/**
 * How the chunks of a dataset are stored whose only filter this is.
 * @param size of an element, bytes
 * @returns undefined where other filters take part, or blocks are compressed in other ways
 */
export function bitshuffledAlone(filters: readonly Hdf5Filter[], size: number): Bitshuffled | undefined {
  const [filter, ...others] = filters;
  if (filter?.id !== BITSHUFFLE || others.length > 0 || ![1, 2, 4, 8].includes(size)) return undefined;
  const [, , itemSize, block = 0, compression = NOTHING] = filter.cd_values;
  if (itemSize !== size || (compression !== NOTHING && compression !== LZ4)) return undefined;
  return { itemSize, packed: compression === LZ4, block };
}

/** What elements become: what they are, or float32 of integers. */
export const OUTPUTS = { asTheyAre: 0, uint8: 1, uint16: 2, uint32: 3, int16: 4, int32: 5 } as const;
export type Output = keyof typeof OUTPUTS;

/** What is wrong with a chunk, by the answer of the decoder. */
const FAULTS = [
  undefined,
  "it ends too early",
  "it has another number of bytes than the array's chunks",
  "its blocks are no multiple of 8 elements",
  "a block is longer than what is left of it",
  "a block is not compressed as it should be",
];

/** The part of WebAssembly that is needed; the core has no types of it. */
interface System {
  readonly Memory: new (size: { initial: number }) => Memory;
  instantiate(bytes: Uint8Array, imports: unknown): Promise<{ readonly instance: { readonly exports: unknown } }>;
}
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
/** Numbers that `decode` takes. */
const NUMBERS = 9;
interface Exports {
  /** See `assembly/bitshuffle/index.ts`. */
  decode(
    from: number,
    length: number,
    count: number,
    size: number,
    packed: number,
    block: number,
    kind: number,
    scratch: number,
    to: number,
  ): number;
}

const PAGE = 2 ** 16;
/** The module has its constants below. */
const START = PAGE;
/** Steps of 16 bytes read and write behind ends. */
const ROOM = 64;

/** Decodes chunks in memory of its own, which is as large as the largest chunk that it has met needs. */
export class BitshuffleDecoder {
  readonly #memory: Memory;
  readonly #decode: Exports["decode"];
  /** Bytes that the input may have. */
  #capacity = 0;

  private constructor(memory: Memory, { decode }: Exports) {
    this.#memory = memory;
    this.#decode = decode;
  }

  static async load(): Promise<BitshuffleDecoder> {
    const { WebAssembly: system } = globalThis as unknown as { readonly WebAssembly: System };
    const address = new URL("../../../../wasm/bitshuffle.wasm", import.meta.url);
    const memory = new system.Memory({ initial: 1 });
    const bytes = await packageFile(address, "the decoder of bitshuffled arrays");
    const { instance } = await system.instantiate(bytes, { env: { memory } });
    const exports = instance.exports as Exports;
    checkCompiled({ ...exports }, { functions: { decode: NUMBERS } }, "the decoder of bitshuffled arrays");
    return new BitshuffleDecoder(memory, exports);
  }

  /** Room for chunks as they are stored. Valid until the next call of anything. @throws RangeError without memory */
  input(bytes: number): Uint8Array {
    if (bytes > this.#capacity) {
      this.#grow(START + bytes + ROOM);
      this.#capacity = bytes;
    }
    return new Uint8Array(this.#memory.buffer, START, bytes);
  }

  /**
   * Decodes a chunk of so many elements, which lies in the input.
   * @returns its elements, valid until the next call; or what is wrong with it
   */
  decode(
    at: number,
    length: number,
    count: number,
    { itemSize, packed, block }: Bitshuffled,
    output: Output,
  ): { readonly buffer: ArrayBuffer; readonly offset: number } | string {
    const bytes = count * itemSize;
    const scratch = START + this.#capacity + ROOM;
    const to = Math.ceil((scratch + 2 * (bytes + ROOM)) / 16) * 16;
    this.#grow(to + count * Math.max(4, itemSize) + ROOM);
    const fault = this.#decode(
      ...([START + at, length, count, itemSize, packed ? 1 : 0, block, OUTPUTS[output]] as const),
      ...([scratch, to] as const),
    );
    return FAULTS[fault] ?? { buffer: this.#memory.buffer, offset: to };
  }

  #grow(bytes: number): void {
    const missing = bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
  }
}

let loading: Promise<BitshuffleDecoder> | undefined;

/** The decoder of this thread. */
export function bitshuffleDecoder(): Promise<BitshuffleDecoder> {
  loading ??= BitshuffleDecoder.load();
  return loading;
}
