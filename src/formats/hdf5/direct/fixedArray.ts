import { checkedFields } from "./checksum.ts";
import { type ChunkGrid, chunkGrid, chunkPlace, type PutChunk } from "./chunkGrid.ts";
import { type Fields, mustBe, type RawFile } from "./fields.ts";
import { entryBytes, FILTERED, filteredChunk } from "./filteredChunk.ts";
import type { ChunkLayout } from "./layout.ts";

/**
 * Goes through a fixed array: an entry for each chunk that the dataset may ever have, row-major, in one block or, where
 * there are many, in pages of it.
 * @throws Unfamiliar
 */
export function readFixedArray(file: RawFile, layout: ChunkLayout, at: number, put: PutChunk): void {
  const head = checkedFields(file, at, 12 + file.lengthBytes + file.addressBytes);
  head.signature("FAHD");
  mustBe(head.number(1) === 0 && head.number(1) === FILTERED, "a fixed array of another kind");
  const entry = head.number(1);
  const pageEntries = 2 ** head.number(1);
  const entries = head.length();
  const block = head.address();
  const most = layout.most.map((extent) => extent ?? Number.NaN);
  const grid = chunkGrid(most, layout.chunks);
  mustBe(entries === grid.count && entry > entryBytes(file), "a fixed array of another size");
  // Nothing has been written yet.
  if (block === undefined) return;

  const prefix = 6 + file.addressBytes;
  const take = (fields: Fields, first: number, count: number): void =>
    takeEntries(fields, grid, first, count, entry - entryBytes(file), put);
  if (entries <= pageEntries) {
    const fields = blockFields(file, block, prefix + entries * entry + 4);
    take(fields, 0, entries);
    return;
  }
  const pages = Math.ceil(entries / pageEntries);
  const bitmap = Math.ceil(pages / 8);
  const written = blockFields(file, block, prefix + bitmap + 4).take(bitmap);
  for (let page = 0; page < pages; page++) {
    put.visit();
    if (!isSet(written, page)) continue;
    const first = page * pageEntries;
    const count = Math.min(pageEntries, entries - first);
    // All pages before it are whole.
    const from = block + prefix + bitmap + 4 + page * (pageEntries * entry + 4);
    take(checkedFields(file, from, count * entry + 4), first, count);
  }
}

function blockFields(file: RawFile, address: number, length: number): Fields {
  const fields = checkedFields(file, address, length);
  fields.signature("FADB");
  mustBe(fields.number(1) === 0 && fields.number(1) === FILTERED, "a block of another kind");
  fields.address();
  return fields;
}

/** Bits of which the first is the highest of its byte. */
export const isSet = (bits: Uint8Array, at: number): boolean => ((bits[at >> 3] << (at & 7)) & 0x80) !== 0;

function takeEntries(
  fields: Fields,
  grid: ChunkGrid,
  first: number,
  count: number,
  sizeBytes: number,
  put: PutChunk,
): void {
  for (let k = 0; k < count; k++) {
    const { address, size, mask } = filteredChunk(fields, sizeBytes);
    if (address !== undefined) put(chunkPlace(grid, first + k), address, size, mask);
  }
}
