import { PtychonautError } from "../errors.ts";
import type { ByteSource } from "./byteSource.ts";
import { itemSizes } from "./listedArrays.ts";
import type { NumericDtype } from "./npy.ts";
import { decoded } from "./sidecar.ts";

/** Whether a file starts like a TIFF or a BigTIFF. */
export const isTiff = (head: Uint8Array): boolean =>
  ["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(decoded(head.subarray(0, 4)));

/** What a page's directory says. */
export interface TiffDirectory {
  readonly littleEndian: boolean;
  readonly width: number;
  readonly height: number;
  readonly dtype: NumericDtype;
  readonly compression: number;
  readonly predictor: number;
  /** Whether it is another page with less resolution. */
  readonly isReduced: boolean;
  readonly description: string;
  /** Of a piece, strip or tile; the last strip may have fewer rows. */
  readonly pieceWidth: number;
  readonly pieceHeight: number;
  readonly tiled: boolean;
  /** Where the pixels start that lie in one piece as they are. */
  readonly plainAt: number | undefined;
  /** Where each piece lies, across and then down. */
  pieces(): readonly Piece[];
  /** Offset of the next directory; 0 after the last. */
  readonly next: number;
}

export interface Piece {
  readonly offset: number;
  readonly bytes: number;
}

const WIDTH = 256;
const HEIGHT = 257;
const BITS = 258;
const COMPRESSION = 259;
const FILL_ORDER = 266;
const DESCRIPTION = 270;
const STRIP_OFFSETS = 273;
const SAMPLES = 277;
const ROWS_PER_STRIP = 278;
const STRIP_BYTES = 279;
const PREDICTOR = 317;
const TILE_WIDTH = 322;
const TILE_HEIGHT = 323;
const TILE_OFFSETS = 324;
const TILE_BYTES = 325;
const SAMPLE_FORMAT = 339;
const SUBFILE = 254;

/** Bytes of a value by its type: bytes, text, 16 and 32 bits, fractions, floats, 64 bits. */
const widths: Readonly<Record<number, number>> = {
  ...{ 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8 },
};

const dtypes: Readonly<Record<string, NumericDtype>> = {
  ...{ "1/8": "uint8", "1/16": "uint16", "1/32": "uint32", "2/8": "int8", "2/16": "int16", "2/32": "int32" },
  ...{ "3/16": "float16", "3/32": "float32", "3/64": "float64", "1/64": "uint64", "2/64": "int64" },
};

interface Layout {
  readonly littleEndian: boolean;
  readonly big: boolean;
}

function layoutOf(head: DataView): Layout {
  const littleEndian = head.getUint8(0) === 0x49;
  return { littleEndian, big: head.getUint16(2, littleEndian) === 43 };
}

/** @throws PtychonautError "data" */
export function firstDirectory(source: ByteSource, where: string): number {
  if (source.size < 16) throw damaged("it ends within its header", where);
  const head = viewOf(source.read(0, 16));
  const { littleEndian, big } = layoutOf(head);
  return big ? Number(head.getBigUint64(8, littleEndian)) : head.getUint32(4, littleEndian);
}

/** @throws PtychonautError "data": damaged, or pixels that are not read: colours, odd numbers of bits */
export function tiffDirectory(source: ByteSource, at: number, where: string): TiffDirectory {
  const layout = layoutOf(viewOf(source.read(0, 4)));
  const { entries, next } = entriesOf(source, at, layout, where);
  const values = (tag: number): readonly number[] => valuesOf(source, entries.get(tag), layout, where);
  const one = (tag: number, otherwise: number): number => values(tag)[0] ?? otherwise;
  const [width, height] = [one(WIDTH, 0), one(HEIGHT, 0)];
  const samples = one(SAMPLES, 1);
  const dtype = dtypes[`${one(SAMPLE_FORMAT, 1)}/${one(BITS, 1)}`];
  const compression = one(COMPRESSION, 1);
  if (samples !== 1 || dtype === undefined || one(FILL_ORDER, 1) !== 1)
    throw new PtychonautError("data", "pixels of this kind are not read", {
      where,
      expected: "one number a pixel, integers or floats of whole bytes",
      got:
        samples === 1 ? `${one(BITS, 1)} bits of sample format ${one(SAMPLE_FORMAT, 1)}` : `${samples} numbers a pixel`,
    });
  const tiled = entries.has(TILE_OFFSETS);
  const pieceWidth = tiled ? one(TILE_WIDTH, 0) : width;
  const pieceHeight = tiled ? one(TILE_HEIGHT, 0) : Math.min(height, one(ROWS_PER_STRIP, height));
  if (!(width > 0 && height > 0 && pieceWidth > 0 && pieceHeight > 0)) throw damaged("a page without extent", where);
  const pieces = (): Piece[] => {
    const offsets = values(tiled ? TILE_OFFSETS : STRIP_OFFSETS);
    const bytes = values(tiled ? TILE_BYTES : STRIP_BYTES);
    const expected = Math.ceil(width / pieceWidth) * Math.ceil(height / pieceHeight);
    const whole = bytes.length === 0 && compression === 1 && expected === 1;
    if (offsets.length < expected || (!whole && bytes.length < expected))
      throw damaged("pieces of a page are missing", where);
    return Array.from({ length: expected }, (_, k) => {
      const piece = { offset: offsets[k], bytes: whole ? width * height * itemSizes[dtype] : bytes[k] };
      if (!(piece.offset + piece.bytes <= source.size)) throw damaged("pixels reach beyond its end", where);
      return piece;
    });
  };
  const predictor = one(PREDICTOR, 1);
  return {
    ...{ width, height, dtype, compression, predictor, tiled, pieceWidth, pieceHeight, pieces, next },
    littleEndian: layout.littleEndian,
    isReduced: (one(SUBFILE, 0) & 1) === 1,
    description: textOf(source, entries.get(DESCRIPTION), layout, where),
    plainAt: compression === 1 && !tiled ? joined(pieces(), width * height * itemSizes[dtype], where) : undefined,
  };
}

/** Where strips start that lie one after the other. */
function joined(pieces: readonly Piece[], size: number, where: string): number | undefined {
  let end = pieces[0].offset;
  for (const { offset, bytes } of pieces) {
    if (offset !== end) return undefined;
    end += bytes;
  }
  if (end - pieces[0].offset < size) throw damaged("a page has fewer pixels than its extent", where);
  return pieces[0].offset;
}

interface Entry {
  readonly type: number;
  readonly count: number;
  /** With the values, or with where they are. */
  readonly field: DataView;
}

/** Tags of a page. */
const MOST_ENTRIES = 4096;

function entriesOf(
  source: ByteSource,
  at: number,
  { littleEndian, big }: Layout,
  where: string,
): { readonly entries: ReadonlyMap<number, Entry>; readonly next: number } {
  const countBytes = big ? 8 : 2;
  const entryBytes = big ? 20 : 12;
  const linkBytes = big ? 8 : 4;
  if (!(at + countBytes <= source.size)) throw damaged("a page's directory is beyond its end", where);
  const start = viewOf(source.read(at, countBytes));
  const count = big ? Number(start.getBigUint64(0, littleEndian)) : start.getUint16(0, littleEndian);
  const length = count * entryBytes + linkBytes;
  if (count > MOST_ENTRIES || !(at + countBytes + length <= source.size))
    throw damaged("a page's directory is beyond its end", where);
  const view = viewOf(source.read(at + countBytes, length));
  const entries = new Map<number, Entry>();
  for (let k = 0; k < count; k++) {
    const from = k * entryBytes;
    entries.set(view.getUint16(from, littleEndian), {
      type: view.getUint16(from + 2, littleEndian),
      count: big ? Number(view.getBigUint64(from + 4, littleEndian)) : view.getUint32(from + 4, littleEndian),
      field: new DataView(view.buffer, view.byteOffset + from + (big ? 12 : 8), big ? 8 : 4),
    });
  }
  const link = count * entryBytes;
  return { entries, next: big ? Number(view.getBigUint64(link, littleEndian)) : view.getUint32(link, littleEndian) };
}

/** The bytes of an entry's values: in its field where they fit. */
function bytesOf(
  source: ByteSource,
  { type, count, field }: Entry,
  { littleEndian, big }: Layout,
  where: string,
): DataView {
  const length = (widths[type] ?? 0) * count;
  if (length <= field.byteLength) return new DataView(field.buffer, field.byteOffset, length);
  const offset = big ? Number(field.getBigUint64(0, littleEndian)) : field.getUint32(0, littleEndian);
  if (!(offset + length <= source.size)) throw damaged("a tag's values are beyond its end", where);
  return viewOf(source.read(offset, length));
}

function valuesOf(source: ByteSource, entry: Entry | undefined, layout: Layout, where: string): readonly number[] {
  if (entry === undefined) return [];
  const view = bytesOf(source, entry, layout, where);
  const { littleEndian } = layout;
  const width = widths[entry.type] ?? 0;
  return Array.from({ length: width === 0 ? 0 : view.byteLength / width }, (_, k) => {
    if (entry.type === 3) return view.getUint16(2 * k, littleEndian);
    if (entry.type === 4 || entry.type === 13) return view.getUint32(4 * k, littleEndian);
    if (entry.type === 16 || entry.type === 18) return Number(view.getBigUint64(8 * k, littleEndian));
    if (entry.type === 1) return view.getUint8(k);
    throw damaged(`a tag has values of type ${entry.type}`, where);
  });
}

/** Descriptions are read as far as this. */
const MOST_TEXT = 2 ** 16;

function textOf(source: ByteSource, entry: Entry | undefined, layout: Layout, where: string): string {
  if (entry === undefined || entry.type !== 2) return "";
  const { buffer, byteOffset, byteLength } = bytesOf(source, entry, layout, where);
  const bytes = new Uint8Array(buffer, byteOffset, Math.min(byteLength, MOST_TEXT));
  return new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

const damaged = (what: string, where: string): PtychonautError =>
  new PtychonautError("data", `damaged or truncated TIFF: ${what}`, { where, fix: "save or copy the file again" });
