import type { Patterns } from "../data/dataset.ts";
import type { FileOrigin, PatternDtype } from "../data/patternOrigin.ts";
import { PtychonautError, setting } from "../errors.ts";
import type { ByteSource, MakeScratch } from "../formats/byteSource.ts";
import type { NpyHeader, NumericData } from "../formats/npy.ts";
import type { Npz } from "../formats/npz.ts";
import { fileFrames, filePatterns, frameElements } from "./filePatterns.ts";
import type { PatternLayout } from "./patternLayout.ts";
import { checkMeasured } from "./patternValues.ts";
import { flagOf } from "./scanOptions.ts";

/** The array of a scan's patterns, in its archive. */
export interface StoredArray {
  readonly npz: Npz;
  readonly key: string;
  readonly layout: PatternLayout;
  readonly dcAt: "center" | "corner";
  /** Names the array in errors. */
  readonly where: string;
}

/**
 * Patterns that stay on the disk. What is stored uncompressed with whole frames one after the other is read where it is.
 * Else it is written once, piece by piece, to a scratch file: decompressed, and with frames first. Never is the array in
 * memory as a whole. Values and checksum are verified on the way.
 * @param source the archive
 * @throws PtychonautError "data" as reading into memory does; "output" when the disk has no room
 */
export function patternsInFile(array: StoredArray, source: ByteSource, scratch: MakeScratch): Patterns {
  const { npz, key, layout, where } = array;
  const file = describe(array);
  const stored = npz.storedAt(key);
  const inPlace = source.path !== undefined && stored !== undefined;
  const bytes = npz.header(key).dataBytes!;
  if (!framesTogether(npz.header(key), layout)) {
    const flat = inPlace ? { source, offset: drained(npz.chunks(key), stored) } : unpacked(array, scratch);
    const turned = scratch(bytes, `${where}: written anew with its frames one after the other`);
    for (const block of framesFirst(flat.source, flat.offset, file)) turned.write(block);
    flat.remove?.();
    const place = placed(file, turned.source(), 0);
    checkMeasured(fileFrames(place.source, place.file), layout, where);
    return filePatterns(place.source, place.file);
  }
  if (inPlace) {
    checkMeasured(arrayFrames(array), layout, where);
    return filePatterns(source, { ...file, path: source.path, offset: stored });
  }
  const { source: plain, offset } = unpacked(array, scratch);
  const place = placed(file, plain, offset);
  checkMeasured(fileFrames(place.source, place.file), layout, where);
  return filePatterns(place.source, place.file);
}

/** Whether whole frames lie one after the other: C order with frames first, Fortran order with frames last. */
export const framesTogether = ({ fortranOrder }: NpyHeader, { framesLast }: PatternLayout): boolean =>
  fortranOrder === framesLast;

/**
 * All frames in order, row-major, some at a time, straight from the archive; each is valid until the next. For arrays
 * whose frames lie together. The checksum is verified in the end.
 */
export function* arrayFrames(array: StoredArray): Generator<NumericData, void, void> {
  const { npz, key, layout } = array;
  const file = describe(array);
  const frame = layout.height * layout.width * file.itemSize;
  const buffer = new Uint8Array(Math.max(1, Math.floor(BUFFER_BYTES / frame)) * frame);
  let filled = 0;
  for (const chunk of body(npz.chunks(key), npz.header(key).dataOffset)) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < buffer.length) continue;
      yield frameElements(file, buffer);
      filled = 0;
    }
  }
  if (filled > 0) yield frameElements(file, buffer.slice(0, filled));
}

const BUFFER_BYTES = 2 ** 22;
/** Memory for turning an array: the more, the fewer passes over the file. */
const BLOCK_BYTES = 2 ** 27;

function describe({ npz, key, layout, dcAt, where }: StoredArray): FileOrigin {
  const { dtype, itemSize, littleEndian, fortranOrder, shape } = npz.header(key);
  if (fortranOrder && shape.length > 3)
    throw new PtychonautError("data", "patterns in Fortran order with several scan axes cannot stay in their file", {
      where,
      got: `(${shape.join(", ")})`,
      fix: `save them in C order, or read them into memory: ${setting("patterns_in_memory", "yes")}`,
    });
  if (!/^(bool|u?int\d+|float\d+)$/.test(dtype))
    throw new PtychonautError("data", "patterns have the wrong dtype", {
      where,
      expected: "real numbers",
      got: dtype,
      fix: `name another array with ${flagOf("patternsKey")}`,
    });
  return {
    kind: "file",
    path: where,
    offset: 0,
    dtype: dtype as PatternDtype,
    itemSize,
    littleEndian,
    shape: [layout.count, layout.height, layout.width],
    columnMajor: fortranOrder,
    dcAt,
  };
}

interface Flat {
  readonly source: ByteSource;
  readonly offset: number;
  readonly remove?: () => void;
}

/** The array's elements in a file of their own. */
function unpacked({ npz, key, where }: StoredArray, scratch: MakeScratch): Flat {
  const { dataBytes, dataOffset } = npz.header(key);
  const file = scratch(dataBytes!, `${where}: decompressed`);
  for (const chunk of body(npz.chunks(key), dataOffset)) file.write(chunk);
  return { source: file.source(), offset: 0, remove: () => file.remove() };
}

/** The chunks without their first bytes. */
function* body(chunks: Iterable<Uint8Array>, skip: number): Generator<Uint8Array, void, void> {
  let left = skip;
  for (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

/** Takes everything, for the sake of the checksum. */
function drained(chunks: Iterable<Uint8Array>, offset: number): number {
  for (const _ of chunks);
  return offset;
}

/** `[pixel, frame]` turned to `[frame, pixel]`, a block of frames at a time. */
function* framesFirst(
  source: ByteSource,
  offset: number,
  { shape, itemSize }: FileOrigin,
): Generator<Uint8Array, void, void> {
  const [count, height, width] = shape;
  const pixels = height * width;
  const step = Math.max(1, Math.floor(BLOCK_BYTES / (pixels * itemSize)));
  for (let first = 0; first < count; first += step) {
    const frames = Math.min(step, count - first);
    const block = new Uint8Array(frames * pixels * itemSize);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const row = source.read(offset + (pixel * count + first) * itemSize, frames * itemSize);
      for (let k = 0; k < frames; k++)
        for (let j = 0; j < itemSize; j++) block[(k * pixels + pixel) * itemSize + j] = row[k * itemSize + j];
    }
    yield block;
  }
}

/** Scratch files have a path, so that other threads can open them; memory has none. */
function placed(file: FileOrigin, source: ByteSource, offset: number): { source: ByteSource; file: FileOrigin } {
  return { source, file: { ...file, path: source.path ?? file.path, offset } };
}
