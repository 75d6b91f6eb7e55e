import type { PutChunk } from "./chunkGrid.ts";
import { type Fields, fieldsAt, mustBe, type RawFile } from "./fields.ts";
import type { ChunkLayout } from "./layout.ts";

/** Of chunks, among trees of other things. */
const CHUNKS = 1;
/** Levels that a tree can have: each node has two children at least. */
const MOST_LEVELS = 48;

/** A chunk as the tree has it: how it is stored, and where its first element is, and in the element, which is 0. */
interface Key {
  readonly size: number;
  readonly mask: number;
  readonly start: readonly number[];
}

/**
 * Goes through a tree of version 1: its leaves have for each chunk the coordinates of its first element, how many bytes it
 * has and which filters it went without. The library searches by them, so they must be in order, else it finds others.
 * @throws Unfamiliar
 */
export function readTree1(file: RawFile, { chunks, itemSize }: ChunkLayout, root: number, put: PutChunk): void {
  const keyBytes = 8 + 8 * (chunks.length + 1);
  const headBytes = 8 + 2 * file.addressBytes;
  const keyIn = (fields: Fields): Key => {
    const [size, mask] = [fields.number(4), fields.number(4)];
    return { size, mask, start: [...chunks, itemSize].map(() => fields.number(8)) };
  };

  /** @param between the keys around it in the node above, which it begins and ends with too */
  const node = (address: number, expectedLevel: number | undefined, between?: readonly [Key, Key]): void => {
    const head = fieldsAt(file, address, headBytes);
    head.signature("TREE");
    mustBe(head.number(1) === CHUNKS, "a tree of other things");
    const level = head.number(1);
    mustBe(expectedLevel === undefined ? level < MOST_LEVELS : level === expectedLevel, "a tree that leads astray");
    const entries = head.number(2);
    const fields = fieldsAt(file, address + headBytes, entries * (keyBytes + file.addressBytes) + keyBytes);
    let key = keyIn(fields);
    mustBe(between === undefined || isSame(key, between[0]), "a tree out of order");
    for (let k = 0; k < entries; k++) {
      const child = fields.address();
      const next = keyIn(fields);
      mustBe(child !== undefined, "a branch that leads nowhere");
      mustBe(key.start[chunks.length] === 0 && isBefore(key, next), "a tree out of order");
      if (level > 0) {
        put.visit();
        node(child, level - 1, [key, next]);
      } else
        put(
          chunks.map((extent, axis) => key.start[axis] / extent),
          child,
          key.size,
          key.mask,
        );
      key = next;
    }
    mustBe(between === undefined || isSame(key, between[1]), "a tree out of order");
  };
  node(root, undefined);
}

const isSame = ({ start: a }: Key, { start: b }: Key): boolean => a.every((at, axis) => at === b[axis]);

function isBefore({ start: a }: Key, { start: b }: Key): boolean {
  const axis = a.findIndex((at, k) => at !== b[k]);
  return axis >= 0 && a[axis] < b[axis];
}
