import type { PutChunk } from "./chunkGrid.ts";
import { fieldsAt, mustBe, type RawFile } from "./fields.ts";
import type { ChunkLayout } from "./layout.ts";

/** Of chunks, among trees of other things. */
const CHUNKS = 1;
/** Levels that a tree can have: each node has two children at least. */
const MOST_LEVELS = 48;

/**
 * Goes through a tree of version 1: its leaves have for each chunk the coordinates of its first element, how many bytes it
 * has and which filters it went without.
 * @throws Unfamiliar
 */
export function readTree1(file: RawFile, { chunks }: ChunkLayout, root: number, put: PutChunk): void {
  const keyBytes = 8 + 8 * (chunks.length + 1);
  const headBytes = 8 + 2 * file.addressBytes;

  const node = (address: number, expectedLevel: number | undefined): void => {
    const head = fieldsAt(file, address, headBytes);
    head.signature("TREE");
    mustBe(head.number(1) === CHUNKS, "a tree of other things");
    const level = head.number(1);
    mustBe(expectedLevel === undefined ? level < MOST_LEVELS : level === expectedLevel, "a tree that leads astray");
    const entries = head.number(2);
    const fields = fieldsAt(file, address + headBytes, entries * (keyBytes + file.addressBytes));
    for (let k = 0; k < entries; k++) {
      const [size, mask] = [fields.number(4), fields.number(4)];
      const place = chunks.map((extent) => fields.number(8) / extent);
      fields.skip(8);
      const child = fields.address();
      mustBe(child !== undefined, "a branch that leads nowhere");
      if (level > 0) {
        put.visit();
        node(child, level - 1);
      } else put(place, child, size, mask);
    }
  };
  node(root, undefined);
}
