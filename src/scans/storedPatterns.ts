import type { RealDtype } from "../arrays.ts";
import type { Patterns } from "../data/dataset.ts";
import type { ChunkedOrigin, FileOrigin } from "../data/patternOrigin.ts";
import { PtychonautError, setting } from "../errors.ts";
import type { ArrayFile, ArrayHeader, ChunkedElements, StoredElements } from "../formats/arrayFile.ts";
import type { ByteSource, MakeScratch } from "../formats/byteSource.ts";
import type { NumericData } from "../formats/npy.ts";
import { wholeUnits } from "../formats/pieces.ts";
import { chunkedPatterns } from "./chunkedPatterns.ts";
import { fileFrames, filePatterns, frameElements } from "./filePatterns.ts";
import type { PatternLayout } from "./patternLayout.ts";
import { checkMeasured } from "./patternValues.ts";
import type { LaidOut } from "./scanFormat.ts";
import { optionAdvice } from "./scanOptions.ts";

/** The array of a scan's patterns, in its file. */
export interface StoredArray {
  readonly file: ArrayFile;
  readonly key: string;
  readonly layout: PatternLayout;
  readonly dcAt: "center" | "corner";
  /** Whether bad numbers are left to `checkedScan`, see `ScanOptions`. Default false. */
  readonly someLeftOut?: boolean;
  /** Whether numbers below zero pass, since they will be zero. Default false. */
  readonly belowZero?: boolean;
  /** Whether somebody else checks the values. Default false. */
  readonly verified?: boolean;
  readonly laidOut?: LaidOut;
  /** Names the array in errors. */
  readonly where: string;
}

/**
 * Patterns that stay on the disk. What is stored uncompressed with whole frames one after the other is read where it is,
 * and so is what lies in chunks that are decompressed one by one. Else it is written once, piece by piece, to a scratch file:
 * decompressed, and with frames first; or read from that of a process that has done so. Never is the array in memory as a
 * whole. Values and checksum are verified on the way.
 * @throws PtychonautError "data" as reading into memory does; "output" when the disk has no room
 */
export function patternsInFile(array: StoredArray, scratch: MakeScratch): Patterns {
  const { file, key, layout, where, someLeftOut } = array;
  const origin = describe(array);
  const inPlace = file.storedAt(key);
  const header = file.header(key);
  if (!framesTogether(header, layout)) {
    const why = `${where}: written anew with its frames one after the other`;
    const there = array.laidOut?.(why);
    if (there !== undefined) return checkedPatterns({ source: there, offset: 0 }, origin, array);
    const flat = inPlace === undefined ? unpacked(array, scratch) : drained(file.elements(key), inPlace);
    const turned = scratch(header.dataBytes!, why);
    for (const block of framesFirst(flat.source, flat.offset, origin)) turned.write(block);
    flat.remove?.();
    return checkedPatterns({ source: turned.source(), offset: 0 }, origin, array);
  }
  const chunks = inPlace === undefined ? file.chunked?.(key) : undefined;
  if (inPlace === undefined && chunks === undefined) return checkedPatterns(unpacked(array, scratch), origin, array);
  if (array.verified !== true)
    checkMeasured(arrayFrames(array), layout, where, { passed: someLeftOut, belowZero: array.belowZero });
  if (inPlace === undefined) return chunkedPatterns(chunks!, chunkedOrigin(origin, chunks!));
  return filePatterns(inPlace.source, { ...origin, ...pathOf(inPlace), offset: inPlace.offset });
}

function checkedPatterns(
  at: StoredElements,
  origin: FileOrigin,
  { layout, someLeftOut, belowZero, verified }: StoredArray,
): Patterns {
  const placed = { ...origin, ...pathOf(at), offset: at.offset };
  if (verified !== true)
    checkMeasured(fileFrames(at.source, placed), layout, origin.path, { passed: someLeftOut, belowZero });
  return filePatterns(at.source, placed);
}

function chunkedOrigin({ dtype, itemSize, shape, dcAt, path }: FileOrigin, chunks: ChunkedElements): ChunkedOrigin {
  return { kind: "chunked", key: chunks.key, dtype, itemSize, shape, dcAt, path, ...pathOf(chunks) };
}

/** By which other threads can open the same file; memory and a page's files have none. */
const pathOf = ({ source: { path, stamp } }: { readonly source: ByteSource }): { path?: string; stamp?: string } => ({
  ...(path === undefined ? {} : { path }),
  ...(stamp === undefined ? {} : { stamp }),
});

/** Whether whole frames lie one after the other: C order with frames first, Fortran order with frames last. */
export const framesTogether = ({ fortranOrder }: ArrayHeader, { framesLast }: PatternLayout): boolean =>
  fortranOrder === framesLast;

/**
 * All frames in order, row-major, some at a time, straight from the file; each is valid until the next. For arrays
 * whose frames lie together. The checksum is verified in the end.
 */
export function* arrayFrames(array: StoredArray): Generator<NumericData, void, void> {
  const { file, key, layout } = array;
  const origin = describe(array);
  const frame = layout.height * layout.width * origin.itemSize;
  for (const block of wholeUnits(file.elements(key), frame, BUFFER_BYTES)) yield frameElements(origin, block);
}

const BUFFER_BYTES = 2 ** 22;
/** Memory for turning an array: the more, the fewer passes over the file. */
const BLOCK_BYTES = 2 ** 27;

/** Frames of several scan axes in Fortran order are not put in order on the disk. */
export const mayStay = ({ fortranOrder, shape }: ArrayHeader): boolean => !(fortranOrder && shape.length > 3);

function describe({ file, key, layout, dcAt, where }: StoredArray): FileOrigin {
  const header = file.header(key);
  const { dtype, itemSize, littleEndian, fortranOrder, shape } = header;
  if (!mayStay(header))
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
      fix: `name another array with ${optionAdvice("patternsKey")}`,
    });
  return {
    kind: "file",
    path: where,
    offset: 0,
    dtype: dtype as RealDtype,
    itemSize,
    littleEndian,
    shape: [layout.count, layout.height, layout.width],
    columnMajor: fortranOrder,
    dcAt,
  };
}

interface Flat extends StoredElements {
  readonly remove?: () => void;
}

/** The array's elements in a file of their own. */
function unpacked({ file, key, where, laidOut }: StoredArray, scratch: MakeScratch): Flat {
  const why = `${where}: decompressed`;
  const there = laidOut?.(why);
  if (there !== undefined) return { source: there, offset: 0 };
  const plain = scratch(file.header(key).dataBytes!, why);
  for (const chunk of file.elements(key)) plain.write(chunk);
  return { source: plain.source(), offset: 0, remove: () => plain.remove() };
}

/** Takes everything, for the sake of the checksum. */
function drained(chunks: Iterable<Uint8Array>, at: StoredElements): Flat {
  for (const _ of chunks);
  return at;
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
