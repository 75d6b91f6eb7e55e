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
  const alone = frameAlone(elements);
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
        if (alone !== undefined) {
          alone(sorted[at], out.subarray(k * size, (k + 1) * size));
          continue;
        }
        const bytes = slabs.frame(sorted, at);
        out.set(decodeElements({ ...origin, littleEndian: true }, bytes, origin.path), k * size);
      }
    },
  };
  return origin.dcAt === "corner" ? centredPatterns(inFile) : inFile;
}

/** Reads a frame straight to where it goes; undefined where chunks hold several, which are kept for those after it. */
function frameAlone({
  extents,
  chunks,
  readFloats,
}: ChunkedElements): ((frame: number, out: Float32Array) => void) | undefined {
  if (readFloats === undefined || sizeOf(chunks.slice(0, -2)) !== 1) return undefined;
  const [outer, image] = [extents.slice(0, -2), extents.slice(-2)];
  const count = [...outer.map(() => 1), ...image];
  return (frame, out) => readFloats([...coordinates(frame, outer), 0, 0], count, out);
}

interface SlabReader {
  /** The bytes of a frame, and what the frames after it need too. @param sorted numbers of frames, ascending */
  frame(sorted: readonly number[], at: number): Uint8Array;
}

/** Slabs that were read at a time: along each axis before the image from where and how many frames, and their bytes. */
interface Run {
  readonly slabs: readonly number[];
  readonly start: readonly number[];
  readonly extent: readonly number[];
  readonly bytes: Uint8Array;
}

/** A slab is the frames that one row of chunks holds. They are numbered through as frames are. */
function slabReader({ extents, chunks, read }: ChunkedElements, frameBytes: number): SlabReader {
  const outer = extents.slice(0, -2);
  const image = extents.slice(-2);
  const deep = slabExtents(chunks.slice(0, -2), frameBytes);
  const along = outer.map((extent, axis) => Math.ceil(extent / deep[axis]));
  const last = outer.length - 1;
  const runs = new Map<number, Run>();
  /** Those of `runs`, the one that was used last at the end. */
  const kept = new Set<Run>();
  let keptBytes = 0;

  const slabOf = (frame: number): number =>
    flat(
      coordinates(frame, outer).map((at, axis) => Math.floor(at / deep[axis])),
      along,
    );
  /** Makes room for what is to come, oldest first. */
  const forget = (bytes: number): void => {
    for (const old of kept) {
      if (keptBytes + bytes <= KEPT_BYTES) return;
      kept.delete(old);
      keptBytes -= old.bytes.length;
      for (const slab of old.slabs) runs.delete(slab);
    }
  };
  /** Reads slabs that follow one another along the last axis before the image. */
  const load = (first: number, wanted: number): Run => {
    const start = coordinates(first, along).map((at, axis) => at * deep[axis]);
    const extent = start.map((at, axis) => Math.min(deep[axis] * (axis === last ? wanted : 1), outer[axis] - at));
    const bytes = read([...start, 0, 0], [...extent, ...image]);
    forget(bytes.length);
    keptBytes += bytes.length;
    const run = { slabs: Array.from({ length: wanted }, (_, k) => first + k), start, extent, bytes };
    for (const slab of run.slabs) runs.set(slab, run);
    return run;
  };

  return {
    frame(sorted, at) {
      const slab = slabOf(sorted[at]);
      const run = runs.get(slab) ?? load(slab, runFrom(sorted, at, slab));
      kept.delete(run);
      kept.add(run);
      const place = coordinates(sorted[at], outer).map((own, axis) => own - run.start[axis]);
      const from = flat(place, run.extent) * frameBytes;
      return run.bytes.subarray(from, from + frameBytes);
    },
  };

  /** How many slabs from one on are wanted, as far as they are read at a time. */
  function runFrom(sorted: readonly number[], at: number, first: number): number {
    const most = Math.max(1, Math.floor(READ_BYTES / (sizeOf(deep) * frameBytes)));
    const toTheEnd = outer.length === 0 ? 1 : along[last] - (first % along[last]);
    let wanted = 1;
    for (let k = at + 1; k < sorted.length && wanted < Math.min(most, toTheEnd); k++) {
      const slab = slabOf(sorted[k]);
      if (slab === first + wanted - 1) continue;
      if (slab !== first + wanted || runs.has(slab)) break;
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

/** The number of coordinates, counting through all, row-major. */
function flat(at: readonly number[], extents: readonly number[]): number {
  let number = 0;
  for (const [axis, own] of at.entries()) number = number * extents[axis] + own;
  return number;
}
