import { sizeOf } from "../arrays.ts";
import { centredPatterns } from "../data/centredPatterns.ts";
import type { Patterns } from "../data/dataset.ts";
import { checkRead } from "../data/memoryPatterns.ts";
import type { ChunkedOrigin } from "../data/patternOrigin.ts";
import type { ChunkedElements } from "../formats/arrayFile.ts";
import { decodeElements } from "../formats/npy.ts";

/** Bytes read at a time where frames follow one another. */
const READ_BYTES = 2 ** 22;
/** Bytes of decompressed frames that are kept, since others of the same chunks are asked for soon. */
const KEPT_BYTES = 2 ** 25;

/**
 * Patterns that stay in the chunks of their file and are decompressed when they are asked for; the same numbers as from
 * memory. Frames that lie in the same chunks are read together and kept for a while.
 */
export function chunkedPatterns(elements: ChunkedElements, origin: ChunkedOrigin): Patterns {
  const [count, height, width] = origin.shape;
  const size = height * width;
  const frameBytes = size * origin.itemSize;
  const slabs = slabReader(elements, frameBytes);
  const inFile: Patterns = {
    count,
    height,
    width,
    origin: elements.source.path === undefined ? { kind: "memory" } : origin,
    read(indices, out) {
      checkRead(indices, out, origin.shape);
      const order = Array.from(indices, (_, k) => k).sort((a, b) => indices[a] - indices[b]);
      const sorted = order.map((k) => indices[k]);
      for (const [at, k] of order.entries()) {
        const bytes = slabs.frame(sorted, at);
        out.set(decodeElements({ ...origin, littleEndian: true }, bytes, origin.path), k * size);
      }
    },
  };
  return origin.dcAt === "corner" ? centredPatterns(inFile) : inFile;
}

interface SlabReader {
  /** The bytes of a frame, and what the frames after it need too. @param sorted numbers of frames, ascending */
  frame(sorted: readonly number[], at: number): Uint8Array;
}

/** A slab is the frames that one row of chunks holds. They are numbered through as frames are. */
function slabReader({ extents, chunks, read }: ChunkedElements, frameBytes: number): SlabReader {
  const outer = extents.slice(0, -2);
  const image = extents.slice(-2);
  const deep = slabExtents(chunks.slice(0, -2), frameBytes);
  const along = outer.map((extent, axis) => Math.ceil(extent / deep[axis]));
  const last = outer.length - 1;
  const kept = new Map<number, Uint8Array>();
  let keptBytes = 0;

  const placeOf = (frame: number): { readonly slab: number; readonly within: number } => {
    let [slab, within] = [0, 0];
    for (const [axis, at] of coordinates(frame, outer).entries()) {
      const start = Math.floor(at / deep[axis]);
      slab = slab * along[axis] + start;
      within = within * Math.min(deep[axis], outer[axis] - start * deep[axis]) + at - start * deep[axis];
    }
    return { slab, within };
  };
  const keep = (slab: number, bytes: Uint8Array): void => {
    kept.set(slab, bytes);
    keptBytes += bytes.length;
  };
  /** Makes room for what is to come, oldest first. */
  const forget = (bytes: number): void => {
    for (const [slab, old] of kept) {
      if (keptBytes + bytes <= KEPT_BYTES) return;
      kept.delete(slab);
      keptBytes -= old.length;
    }
  };
  /** Reads slabs that follow one another along the last axis before the image. */
  const load = (first: number, wanted: number): void => {
    const at = coordinates(first, along).map((start, axis) => start * deep[axis]);
    const extent = at.map((start, axis) => Math.min(deep[axis] * (axis === last ? wanted : 1), outer[axis] - start));
    const bytes = read([...at, 0, 0], [...extent, ...image]);
    forget(bytes.length);
    // Along the axes before the last one they take turns.
    const rows = sizeOf(extent) / (extent[last] ?? 1);
    for (let k = 0; k < wanted; k++) {
      const [from, to] = [k * deep[last], Math.min((k + 1) * deep[last], extent[last])];
      const part =
        wanted === 1 ? bytes : rowsOf(bytes, rows, extent[last] * frameBytes, from * frameBytes, to * frameBytes);
      keep(first + k, part);
    }
  };

  return {
    frame(sorted, at) {
      const { slab, within } = placeOf(sorted[at]);
      let bytes = kept.get(slab);
      if (bytes === undefined) {
        load(slab, runFrom(sorted, at, slab));
        bytes = kept.get(slab)!;
      } else {
        // The newest is forgotten last.
        kept.delete(slab);
        kept.set(slab, bytes);
      }
      return bytes.subarray(within * frameBytes, (within + 1) * frameBytes);
    },
  };

  /** How many slabs from one on are wanted, as far as they are read at a time. */
  function runFrom(sorted: readonly number[], at: number, first: number): number {
    const most = Math.max(1, Math.floor(READ_BYTES / (sizeOf(deep) * frameBytes)));
    const toTheEnd = outer.length === 0 ? 1 : along[last] - (first % along[last]);
    let wanted = 1;
    for (let k = at + 1; k < sorted.length && wanted < Math.min(most, toTheEnd); k++) {
      const { slab } = placeOf(sorted[k]);
      if (slab === first + wanted - 1) continue;
      if (slab !== first + wanted || kept.has(slab)) break;
      wanted++;
    }
    return wanted;
  }
}

/** Frames that chunks hold along each axis; fewer of chunks so large that their frames do not fit what is kept. */
function slabExtents(chunks: readonly number[], frameBytes: number): readonly number[] {
  if (sizeOf(chunks) * frameBytes <= KEPT_BYTES) return chunks;
  const fits = Math.max(1, Math.floor(KEPT_BYTES / 2 / frameBytes));
  return chunks.map((extent, axis) => (axis === chunks.length - 1 ? Math.min(extent, fits) : 1));
}

/** The coordinates of a number that counts through all, row-major. */
function coordinates(number: number, extents: readonly number[]): number[] {
  const out = new Array<number>(extents.length);
  let rest = number;
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    out[axis] = rest % extents[axis];
    rest = Math.floor(rest / extents[axis]);
  }
  return out;
}

/** Bytes `from … to` of each row, one after the other. */
function rowsOf(bytes: Uint8Array, rows: number, row: number, from: number, to: number): Uint8Array {
  if (rows === 1) return bytes.slice(from, to);
  const out = new Uint8Array(rows * (to - from));
  for (let k = 0; k < rows; k++) out.set(bytes.subarray(k * row + from, k * row + to), k * (to - from));
  return out;
}
