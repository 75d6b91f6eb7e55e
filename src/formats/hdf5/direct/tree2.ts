import { checkedFields } from "./checksum.ts";
import type { PutChunk } from "./chunkGrid.ts";
import { type Fields, mustBe, type RawFile } from "./fields.ts";
import { entryBytes, filteredChunk } from "./filteredChunk.ts";
import type { ChunkLayout } from "./layout.ts";

/** Records of chunks with filters. */
const FILTERED_CHUNKS = 11;
/** Bytes of a node that are no records and no children: name, version, kind, checksum. */
const AROUND = 10;
const DEEPEST = 32;

/** How many bytes the fields of a child take, by its level: its records, and those in all below it. */
interface Level {
  readonly mostRecords: number;
  readonly mostBelow: number;
}

/**
 * Goes through a tree of version 2, in all nodes of which are records: a chunk and its place along each axis.
 * @throws Unfamiliar
 */
export function readTree2(file: RawFile, { chunks }: ChunkLayout, at: number, put: PutChunk): void {
  const head = checkedFields(file, at, 22 + file.addressBytes + file.lengthBytes);
  head.signature("BTHD");
  mustBe(head.number(1) === 0 && head.number(1) === FILTERED_CHUNKS, "a tree of other things");
  const nodeBytes = head.number(4);
  const record = head.number(2);
  const depth = head.number(2);
  head.skip(2);
  const root = head.address();
  const rootRecords = head.number(2);
  const sizeBytes = record - entryBytes(file) - 8 * chunks.length;
  mustBe(sizeBytes > 0 && sizeBytes <= 8 && depth < DEEPEST, "a tree of other things");
  // Nothing has been written yet.
  if (root === undefined) return;
  const levels = levelsOf(file, nodeBytes, record, depth);
  const countBytes = bytesFor(levels[0].mostRecords);

  const take = (fields: Fields): void => {
    const { address, size, mask } = filteredChunk(fields, sizeBytes);
    const place = chunks.map(() => fields.number(8));
    if (address !== undefined) put(place, address, size, mask);
  };
  const node = (address: number, records: number, level: number): void => {
    put.visit();
    mustBe(records <= levels[level].mostRecords, "a node with too many records");
    const below = level > 1 ? bytesFor(levels[level - 1].mostBelow) : 0;
    const child = file.addressBytes + countBytes + below;
    const length = AROUND + records * record + (level > 0 ? (records + 1) * child : 0);
    const fields = checkedFields(file, address, length);
    fields.signature(level > 0 ? "BTIN" : "BTLF");
    mustBe(fields.number(1) === 0 && fields.number(1) === FILTERED_CHUNKS, "a node of other things");
    for (let k = 0; k < records; k++) take(fields);
    if (level === 0) return;
    for (let k = 0; k <= records; k++) {
      const to = fields.address();
      const own = fields.number(countBytes);
      fields.skip(below);
      mustBe(to !== undefined, "a branch that leads nowhere");
      node(to, own, level - 1);
    }
  };
  node(root, rootRecords, depth);
}

function levelsOf({ addressBytes }: RawFile, nodeBytes: number, record: number, depth: number): Level[] {
  const inLeaf = Math.floor((nodeBytes - AROUND) / record);
  mustBe(inLeaf > 0, "nodes without room");
  const levels: Level[] = [{ mostRecords: inLeaf, mostBelow: inLeaf }];
  for (let level = 1; level <= depth; level++) {
    const { mostBelow } = levels[level - 1];
    const child = addressBytes + bytesFor(inLeaf) + (level > 1 ? bytesFor(mostBelow) : 0);
    const mostRecords = Math.floor((nodeBytes - AROUND - child) / (record + child));
    mustBe(mostRecords > 0, "nodes without room");
    levels.push({ mostRecords, mostBelow: (mostRecords + 1) * mostBelow + mostRecords });
  }
  return levels;
}

/** That a number takes, at the most. */
const bytesFor = (most: number): number => Math.floor(Math.log2(most) / 8) + 1;
