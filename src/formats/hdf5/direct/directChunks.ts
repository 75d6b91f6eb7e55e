import { sizeOf } from "../../../arrays.ts";
import { PtychonautError } from "../../../errors.ts";
import type { ArrayHeader } from "../../arrayFile.ts";
import { type ByteSource, readInto } from "../../byteSource.ts";
import { decodeElements } from "../../npy.ts";
import type { Box } from "../reader.ts";
import type { BitshuffleDecoder, Bitshuffled, Output } from "./bitshuffle.ts";
import { type ChunkGrid, chunkGrid, chunkNumber, chunkPlace } from "./chunkGrid.ts";
import type { ChunkPlaces } from "./chunkPlaces.ts";
import { copyBox } from "./copyBox.ts";

/** A dataset whose chunks are read by their places in the file and decoded here. */
export interface DirectDataset {
  readonly source: ByteSource;
  readonly places: ChunkPlaces;
  readonly stored: Bitshuffled;
  readonly dtype: ArrayHeader["dtype"];
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  /** Names it in errors. */
  readonly where: string;
  /** What the library reads of it: for boxes with chunks that have no place. */
  readonly otherwise: (box: Box) => Uint8Array<ArrayBuffer>;
}

/** Chunks that are larger, decompressed, are left to the library. */
export const MOST_CHUNK_BYTES: number = 2 ** 25;
/** Bytes read at a time where chunks follow one another in the file. */
const AHEAD = 2 ** 18;

/** What lies in the decoder's input: of which dataset, from where in its file to where. */
const input: { of: DirectChunks | undefined; from: number; to: number } = { of: undefined, from: 0, to: 0 };

export class DirectChunks {
  readonly #dataset: DirectDataset;
  readonly #decoder: BitshuffleDecoder;
  readonly #grid: ChunkGrid;
  /** Elements of a chunk. */
  readonly #size: number;

  constructor(dataset: DirectDataset, decoder: BitshuffleDecoder) {
    this.#dataset = dataset;
    this.#decoder = decoder;
    this.#grid = chunkGrid(dataset.shape, dataset.chunks);
    this.#size = sizeOf(dataset.chunks);
  }

  /** Elements as bytes, little-endian and row-major. @throws PtychonautError "data" that names a broken chunk */
  bytes(box: Box): Uint8Array<ArrayBuffer> {
    const { stored, otherwise } = this.#dataset;
    if (!this.#has(box)) return otherwise(box);
    const out = new Uint8Array(sizeOf(box.count) * stored.itemSize);
    this.#fill(box, out, stored.itemSize, "asTheyAre");
    return out;
  }

  /**
   * Elements as float32 numbers.
   * @param output by the elements' kind
   * @param out as many as the box has
   * @throws PtychonautError "data" that names a broken chunk
   */
  floats(box: Box, out: Float32Array, output: Output): void {
    const { stored, dtype, where, otherwise } = this.#dataset;
    if (this.#has(box)) this.#fill(box, out, 1, output);
    else out.set(decodeElements({ ...stored, dtype, littleEndian: true }, otherwise(box), where));
  }

  /** Whether all chunks of a box have a place. */
  #has(box: Box): boolean {
    const { chunks, places } = this.#dataset;
    for (const place of placesIn(box, chunks)) if (places.offsets[chunkNumber(this.#grid, place)!] < 0) return false;
    return true;
  }

  #fill(box: Box, out: Uint8Array | Float32Array, unit: number, output: Output): void {
    const { chunks } = this.#dataset;
    const to = { ...box, data: out };
    for (const place of placesIn(box, chunks)) {
      const start = place.map((at, axis) => at * chunks[axis]);
      const data = this.#decoded(chunkNumber(this.#grid, place)!, out, output);
      copyBox({ start, count: chunks, data }, to, common({ start, count: chunks }, box), unit);
    }
  }

  /** A chunk's elements, valid until the next. */
  #decoded(number: number, like: Uint8Array | Float32Array, output: Output): Uint8Array | Float32Array {
    const { places, stored } = this.#dataset;
    const [offset, size] = [places.offsets[number], places.sizes[number]];
    const at = this.#fetch(number, offset, size);
    const decoded = this.#decoder.decode(at, size, this.#size, stored, output);
    if (typeof decoded === "string") throw this.#broken(number, decoded);
    return like instanceof Uint8Array
      ? new Uint8Array(decoded.buffer, decoded.offset, this.#size * stored.itemSize)
      : new Float32Array(decoded.buffer, decoded.offset, this.#size);
  }

  /** Brings a chunk into the decoder's input. @returns where it begins there */
  #fetch(number: number, offset: number, size: number): number {
    const { source, stored } = this.#dataset;
    // What is compressed as badly as can be has a few bytes more in each block.
    if (size > 2 * this.#size * stored.itemSize + AHEAD || offset + size > source.size)
      throw this.#broken(number, `${size} bytes in a file of ${source.size}`);
    const isNext = input.of === this && offset >= input.from && offset <= input.to;
    if (isNext && offset + size <= input.to) return offset - input.from;
    const length = isNext ? Math.min(Math.max(size, AHEAD), source.size - offset) : size;
    input.of = undefined;
    readInto(source, offset, this.#decoder.input(length));
    Object.assign(input, { of: this, from: offset, to: offset + length });
    return 0;
  }

  #broken(number: number, got: string): PtychonautError {
    const { where, places, chunks } = this.#dataset;
    const start = chunkPlace(this.#grid, number).map((at, axis) => at * chunks[axis]);
    return new PtychonautError("data", "a chunk of the array cannot be decompressed", {
      where: `${where}, the chunk from (${start.join(", ")}) on, at byte ${places.offsets[number]}`,
      got,
      fix: "check or copy the file again",
    });
  }
}

/** Chunks that a box has a part of, row-major. */
function* placesIn({ start, count }: Box, chunks: readonly number[]): Generator<number[], void, void> {
  const first = start.map((at, axis) => Math.floor(at / chunks[axis]));
  const along = start.map((at, axis) => Math.ceil((at + count[axis]) / chunks[axis]) - first[axis]);
  for (let k = 0; k < sizeOf(along); k++) yield chunkPlace({ along }, k).map((at, axis) => at + first[axis]);
}

function common(a: Box, b: Box): Box {
  const start = a.start.map((at, axis) => Math.max(at, b.start[axis]));
  const end = a.start.map((at, axis) => Math.min(at + a.count[axis], b.start[axis] + b.count[axis]));
  return { start, count: end.map((at, axis) => at - start[axis]) };
}
