import { checkedFields } from "./checksum.ts";
import { chunkGrid, chunkPlace, type PutChunk } from "./chunkGrid.ts";
import { type Fields, mustBe, type RawFile } from "./fields.ts";
import { entryBytes, FILTERED, filteredChunk } from "./filteredChunk.ts";
import { isSet } from "./fixedArray.ts";
import type { ChunkLayout } from "./layout.ts";

/** What an extensible array says of itself. */
interface ArrayHead {
  /** Bytes of an entry. */
  readonly entry: number;
  readonly inIndexBlock: number;
  /** Entries of the smallest block. */
  readonly smallest: number;
  /** Blocks of the first group whose blocks have an index of their own. */
  readonly fewestBlocks: number;
  readonly pageEntries: number;
  readonly offsetBytes: number;
  /** Groups of blocks. */
  readonly groups: number;
  readonly indexBlock: number | undefined;
}

/**
 * Goes through an extensible array: entries for chunks row-major, the axis that has no end taken as the first. The first few
 * are in the index block; then follow groups of blocks, group g of 2^(g/2) blocks with 2^((g+1)/2) times as many entries as
 * the smallest. The index block leads to the blocks of the first groups, and to index blocks of the others.
 * @throws Unfamiliar
 */
export function readExtensibleArray(file: RawFile, layout: ChunkLayout, at: number, put: PutChunk): void {
  const head = headAt(file, at);
  // Nothing has been written yet.
  if (head.indexBlock === undefined) return;
  const sizeBytes = head.entry - entryBytes(file);
  const placeOf = placing(layout);
  let next = 0;
  const take = (fields: Fields, count: number): void => {
    for (let k = 0; k < count; k++) {
      const { address, size, mask } = filteredChunk(fields, sizeBytes);
      const place = placeOf(next++);
      if (address !== undefined) put(place, address, size, mask);
    }
  };

  const direct = 2 * Math.log2(head.fewestBlocks);
  const blocks = 2 * (head.fewestBlocks - 1);
  const { addressBytes } = file;
  const prefix = 6 + addressBytes;
  const indexed = Math.max(0, head.groups - direct);
  const length = prefix + head.inIndexBlock * head.entry + (blocks + indexed) * addressBytes + 4;
  const index = openBlock(file, head.indexBlock, length, "EAIB", 0);
  take(index, head.inIndexBlock);

  /** @param pages whether each page was written, where the block has some */
  const takeBlock = (address: number | undefined, count: number, pages: (page: number) => boolean): void => {
    put.visit();
    if (address === undefined) {
      next += count;
      return;
    }
    const start = prefix + head.offsetBytes;
    if (count <= head.pageEntries) {
      take(openBlock(file, address, start + count * head.entry + 4, "EADB", head.offsetBytes), count);
      return;
    }
    openBlock(file, address, start + 4, "EADB", head.offsetBytes);
    const pageBytes = head.pageEntries * head.entry + 4;
    for (let page = 0; page < count / head.pageEntries; page++) {
      if (pages(page)) take(checkedFields(file, address + start + 4 + page * pageBytes, pageBytes), head.pageEntries);
      else next += head.pageEntries;
    }
  };

  for (let group = 0; group < direct; group++)
    for (let k = 0; k < blocksOf(group); k++) takeBlock(index.address(), entriesOf(group, head), () => true);
  for (let group = direct; group < head.groups; group++) {
    put.visit();
    const address = index.address();
    const [own, count] = [blocksOf(group), entriesOf(group, head)];
    if (address === undefined) {
      next += own * count;
      continue;
    }
    const pages = count > head.pageEntries ? count / head.pageEntries : 0;
    const bitmap = own * Math.ceil(pages / 8);
    const bytes = prefix + head.offsetBytes + bitmap + own * addressBytes + 4;
    const fields = openBlock(file, address, bytes, "EASB", head.offsetBytes);
    const written = fields.take(bitmap);
    for (let k = 0; k < own; k++) takeBlock(fields.address(), count, (page) => isSet(written, k * pages + page));
  }
}

const blocksOf = (group: number): number => 2 ** Math.floor(group / 2);
const entriesOf = (group: number, { smallest }: ArrayHead): number => smallest * 2 ** Math.floor((group + 1) / 2);

function headAt(file: RawFile, at: number): ArrayHead {
  const fields = checkedFields(file, at, 16 + 6 * file.lengthBytes + file.addressBytes);
  fields.signature("EAHD");
  mustBe(fields.number(1) === 0 && fields.number(1) === FILTERED, "an extensible array of another kind");
  const entry = fields.number(1);
  const bits = fields.number(1);
  const [inIndexBlock, smallest, fewestBlocks] = [fields.number(1), fields.number(1), fields.number(1)];
  const pageEntries = 2 ** fields.number(1);
  fields.skip(6 * file.lengthBytes);
  const indexBlock = fields.address();
  const [smallestBits, fewestBits] = [Math.log2(smallest), Math.log2(fewestBlocks)];
  mustBe(
    [smallestBits, fewestBits].every(Number.isInteger) &&
      bits <= 32 &&
      smallestBits <= bits &&
      entry > entryBytes(file),
    "an extensible array of another kind",
  );
  const groups = 1 + bits - smallestBits;
  const offsetBytes = Math.ceil(bits / 8);
  return { entry, inIndexBlock, smallest, fewestBlocks, pageEntries, offsetBytes, groups, indexBlock };
}

/** @param offsetBytes of the field that says where the block's entries begin */
function openBlock(file: RawFile, address: number, length: number, name: string, offsetBytes: number): Fields {
  const fields = checkedFields(file, address, length);
  fields.signature(name);
  mustBe(fields.number(1) === 0 && fields.number(1) === FILTERED, "a block of another kind");
  fields.address();
  fields.skip(offsetBytes);
  return fields;
}

/** A chunk's place by the number of its entry. */
function placing({ extents, most, chunks }: ChunkLayout): (number: number) => number[] {
  const endless = most.indexOf(undefined);
  mustBe(endless >= 0, "an extensible array without an axis that grows");
  // That axis counts slowest, whatever it is.
  const order = [endless, ...extents.map((_, axis) => axis).filter((axis) => axis !== endless)];
  const turned = chunkGrid(
    order.map((axis) => most[axis] ?? extents[axis]),
    order.map((axis) => chunks[axis]),
  );
  // The first axis may have more than it says now.
  const slow = turned.along.slice(1);
  const row = slow.reduce((product, extent) => product * extent, 1);
  return (number) => {
    const inner = chunkPlace({ along: slow }, number % row);
    const place = new Array<number>(order.length);
    for (const [k, axis] of order.entries()) place[axis] = k === 0 ? Math.floor(number / row) : inner[k - 1];
    return place;
  };
}
