import type { ByteSource } from "../../byteSource.ts";
import { chunkGrid, chunkNumber, type PutChunk } from "./chunkGrid.ts";
import { readExtensibleArray } from "./extensibleArray.ts";
import { mustBe, type RawFile, Unfamiliar } from "./fields.ts";
import { readFixedArray } from "./fixedArray.ts";
import { type ChunkLayout, layoutAt } from "./layout.ts";
import { rawFile } from "./superblock.ts";
import { readTree1 } from "./tree1.ts";
import { readTree2 } from "./tree2.ts";

/** Where the chunks of a dataset lie, by their numbers (`chunkGrid`). */
export interface ChunkPlaces {
  /** From the file's first byte; -1 of a chunk that is not there, or is stored in another way than the others. */
  readonly offsets: Float64Array;
  /** Bytes in the file. */
  readonly sizes: Uint32Array;
}

/** More are not listed here. */
const MOST_CHUNKS = 2 ** 22;
/** That the index has for each, at the least. */
const FEWEST_BYTES = 8;

/** What the library says of a dataset, which must be said in the file too. */
export interface Expected {
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  readonly itemSize: number;
}

/**
 * Finds the chunks of a dataset without the library, which does not tell where they are.
 * @param address of the dataset's header, as references name it
 * @returns undefined where the file has other structures than those that are known here, or broken ones
 */
export function chunkPlaces(source: ByteSource, address: number, expected: Expected): ChunkPlaces | undefined {
  try {
    const file = rawFile(source);
    const layout = layoutAt(file, address);
    mustBe(
      layout.extents.join() === expected.shape.join() &&
        layout.chunks.join() === expected.chunks.join() &&
        layout.itemSize === expected.itemSize,
      "another dataset",
    );
    return placesOf(file, layout);
  } catch (error) {
    if (error instanceof Unfamiliar) return undefined;
    throw error;
  }
}

function placesOf(file: RawFile, layout: ChunkLayout): ChunkPlaces {
  const grid = chunkGrid(layout.extents, layout.chunks);
  mustBe(grid.count <= MOST_CHUNKS && grid.count * FEWEST_BYTES <= file.source.size, "too many chunks");
  const offsets = new Float64Array(grid.count).fill(-1);
  const sizes = new Uint32Array(grid.count);
  let visits = 0;
  const visit = (): void => mustBe(++visits <= 4 * grid.count + 64, "an index that has no end");
  const put = Object.assign(
    (place: readonly number[], address: number, size: number, mask: number): void => {
      visit();
      const number = chunkNumber(grid, place);
      if (number === undefined || mask !== 0) return;
      mustBe(Number.isInteger(number) && size < 2 ** 32, "a chunk beside the others");
      offsets[number] = file.base + address;
      sizes[number] = size;
    },
    { visit },
  );
  readIndex(file, layout, put);
  return { offsets, sizes };
}

function readIndex(file: RawFile, layout: ChunkLayout, put: PutChunk): void {
  const { index } = layout;
  // Nothing has been written yet.
  if (index.address === undefined) return;
  switch (index.kind) {
    case "single":
      put(
        layout.extents.map(() => 0),
        index.address,
        index.size,
        index.mask,
      );
      break;
    case "tree1":
      readTree1(file, layout, index.address, put);
      break;
    case "tree2":
      readTree2(file, layout, index.address, put);
      break;
    case "fixed":
      readFixedArray(file, layout, index.address, put);
      break;
    case "extensible":
      readExtensibleArray(file, layout, index.address, put);
  }
}
