import { sizeOf } from "../../../arrays.ts";

/** Chunks along each axis, numbered through row-major. */
export interface ChunkGrid {
  readonly along: readonly number[];
  readonly count: number;
}

export function chunkGrid(extents: readonly number[], chunks: readonly number[]): ChunkGrid {
  const along = extents.map((extent, axis) => Math.ceil(extent / chunks[axis]));
  return { along, count: sizeOf(along) };
}

/** The number of a chunk by its place along each axis; undefined outside. */
export function chunkNumber({ along }: ChunkGrid, place: readonly number[]): number | undefined {
  let number = 0;
  for (let axis = 0; axis < along.length; axis++) {
    if (place[axis] < 0 || place[axis] >= along[axis]) return undefined;
    number = number * along[axis] + place[axis];
  }
  return number;
}

/** The place along each axis of a number that counts through all, row-major. */
export function chunkPlace({ along }: Pick<ChunkGrid, "along">, number: number): number[] {
  const place = new Array<number>(along.length);
  let rest = number;
  for (let axis = along.length - 1; axis >= 0; axis--) {
    place[axis] = rest % along[axis];
    rest = Math.floor(rest / along[axis]);
  }
  return place;
}

/** Takes note of a chunk. @param place its number along each axis @param mask bits of filters that it went without */
export interface PutChunk {
  (place: readonly number[], address: number, size: number, mask: number): void;
  /** Takes note that a part of the index is gone through. @throws Unfamiliar when there are more than chunks can need */
  visit(): void;
}
