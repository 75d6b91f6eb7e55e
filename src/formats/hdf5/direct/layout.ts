import { type Fields, mustBe, type RawFile } from "./fields.ts";
import { DATASPACE, LAYOUT, messagesAt } from "./objectHeader.ts";

/** How the places of a dataset's chunks are kept. */
export type ChunkIndex =
  /** There is one chunk. @param size bytes that it has in the file */
  | { readonly kind: "single"; readonly address: number | undefined; readonly size: number; readonly mask: number }
  | { readonly kind: "tree1" | "tree2" | "fixed" | "extensible"; readonly address: number | undefined };

/** A dataset that is stored in chunks. */
export interface ChunkLayout {
  readonly extents: readonly number[];
  /** What they may grow to; undefined without end. */
  readonly most: readonly (number | undefined)[];
  readonly chunks: readonly number[];
  readonly itemSize: number;
  readonly index: ChunkIndex;
}

const CHUNKED = 2;
/** Of chunks that reach over the edge: that they are not compressed. */
const PLAIN_EDGES = 1;
const FILTERED_SINGLE = 2;

/** @param address of the dataset's header. @throws Unfamiliar */
export function layoutAt(file: RawFile, address: number): ChunkLayout {
  const messages = messagesAt(file, address);
  const [space, layout] = [messages.get(DATASPACE), messages.get(LAYOUT)];
  mustBe(space !== undefined && layout !== undefined, "no dataset");
  const { extents, most } = dataspace(space);
  const version = layout.number(1);
  // 5 is 4 with room for chunks of more than 4 GiB, which their index shows.
  mustBe(version >= 3 && version <= 5, "another version of the layout");
  mustBe(layout.number(1) === CHUNKED, "no chunks");
  const { dimensions, index } = version === 3 ? oldLayout(layout) : newLayout(layout);
  mustBe(dimensions.length === extents.length + 1, "chunks of another rank");
  mustBe(
    dimensions.every((extent) => extent > 0),
    "empty chunks",
  );
  return { extents, most, chunks: dimensions.slice(0, -1), itemSize: dimensions[dimensions.length - 1], index };
}

function dataspace(fields: Fields): Pick<ChunkLayout, "extents" | "most"> {
  const version = fields.number(1);
  mustBe(version === 1 || version === 2, "another version of the dataspace");
  const rank = fields.number(1);
  const flags = fields.number(1);
  fields.skip(version === 1 ? 5 : 1);
  const extents = Array.from({ length: rank }, () => fields.length());
  const most = (flags & 1) === 0 ? extents : extents.map(() => fields.extent());
  return { extents, most };
}

interface Stored {
  /** The element's bytes are the last one. */
  readonly dimensions: readonly number[];
  readonly index: ChunkIndex;
}

function oldLayout(fields: Fields): Stored {
  const rank = fields.number(1);
  const address = fields.address();
  return { dimensions: Array.from({ length: rank }, () => fields.number(4)), index: { kind: "tree1", address } };
}

/** Bytes of settings that stand between an index's kind and its address. */
const NEW_INDEXES: Readonly<Record<number, { readonly kind: "fixed" | "extensible" | "tree2"; settings: number }>> = {
  3: { kind: "fixed", settings: 1 },
  4: { kind: "extensible", settings: 5 },
  5: { kind: "tree2", settings: 6 },
};

function newLayout(fields: Fields): Stored {
  const flags = fields.number(1);
  mustBe((flags & PLAIN_EDGES) === 0, "chunks at the edge are not compressed");
  const rank = fields.number(1);
  const bytes = fields.number(1);
  const dimensions = Array.from({ length: rank }, () => fields.number(bytes));
  const number = fields.number(1);
  if (number === 1) {
    mustBe((flags & FILTERED_SINGLE) !== 0, "a chunk without a filter");
    const [size, mask] = [fields.length(), fields.number(4)];
    return { dimensions, index: { kind: "single", address: fields.address(), size, mask } };
  }
  const index = NEW_INDEXES[number];
  mustBe(index !== undefined, "another index of chunks");
  fields.skip(index.settings);
  return { dimensions, index: { kind: index.kind, address: fields.address() } };
}
