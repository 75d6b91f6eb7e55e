import type { ByteSink } from "./byteSource.ts";

export type PageType = "float32" | "uint8" | "uint16" | "uint32";

/** Pages of one size, grey: what a TIFF of ours holds. */
export interface TiffPages {
  readonly shape: readonly [count: number, height: number, width: number];
  /** Of the file's numbers; as integers the pages must be such. Default float32. */
  readonly dtype?: PageType;
  /** Some whole pages at a time, in order. */
  readonly pages: Iterable<Float32Array> | AsyncIterable<Float32Array>;
  /** Text of the first page. */
  readonly description?: string;
}

/** Bytes that 32-bit offsets reach, with room for the last page's directory. */
const CLASSIC_BYTES = 2 ** 32 - 2 ** 16;

/**
 * Writes a TIFF (6.0, little-endian) of any size as it comes: each page a directory and its numbers as one uncompressed
 * strip; with 64-bit offsets, as BigTIFF, from 4 GiB on.
 * @param classicBytes size from which on offsets have 64 bits
 */
export async function writeTiff(
  sink: ByteSink,
  { shape, dtype = "float32", pages, description = "" }: TiffPages,
  classicBytes: number = CLASSIC_BYTES,
): Promise<void> {
  const [count, height, width] = shape;
  const text = asciiBytes(description);
  const type = stored[dtype];
  const bytes = type.BYTES_PER_ELEMENT * height * width;
  // Directories begin at even offsets.
  const room = bytes + (bytes % 2);
  const big = count * (room + DIRECTORY_BYTES) + text.length >= classicBytes;
  sink.write(fileHeader(big, text));
  let at = (big ? 16 : 8) + text.length;
  let page = 0;
  for await (const block of pages)
    for (let i = 0; i < block.length; i += height * width, page++) {
      const first = page === 0 ? { text } : {};
      const directory = directoryOf({ big, width, height, at, bytes, room, dtype, ...first }, page === count - 1);
      sink.write(directory);
      const numbers = type.from(block.subarray(i, i + height * width));
      const padded = new Uint8Array(room);
      padded.set(new Uint8Array(numbers.buffer));
      sink.write(padded);
      at += directory.length + room;
    }
}

/** A directory takes fewer. */
const DIRECTORY_BYTES = 512;

/** More bytes than the field of a tag holds, which would have to be in it. */
const LEAST_TEXT = 10;

/** Ends in NUL, and where the next byte has an even offset; what is not ASCII becomes a question mark. */
function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text === "" ? 0 : Math.max(LEAST_TEXT, 2 * Math.ceil((text.length + 1) / 2)));
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i) < 0x80 ? text.charCodeAt(i) : 0x3f;
  return bytes;
}

/** The text stands right behind the header. */
function fileHeader(big: boolean, text: Uint8Array): Uint8Array {
  const start = big ? 16 : 8;
  const header = new Uint8Array(start + text.length);
  const view = new DataView(header.buffer);
  view.setUint16(0, 0x4949, true);
  view.setUint16(2, big ? 43 : 42, true);
  if (big) {
    view.setUint16(4, 8, true); // bytes of an offset
    view.setBigUint64(8, BigInt(header.length), true);
  } else {
    view.setUint32(4, header.length, true);
  }
  header.set(text, start);
  return header;
}

const stored = { float32: Float32Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array } as const;

interface Page {
  readonly big: boolean;
  readonly width: number;
  readonly height: number;
  /** Where its directory starts. */
  readonly at: number;
  readonly bytes: number;
  /** What they take up with what is left free behind them. */
  readonly room: number;
  readonly dtype: PageType;
  readonly text?: Uint8Array;
}

const [ASCII, SHORT, LONG, LONG8] = [2, 3, 4, 16] as const;

/** One page's tags, ascending, and where the next page's are. */
function directoryOf({ big, width, height, at, bytes, room, dtype, text }: Page, isLast: boolean): Uint8Array {
  const [head, entry, tail] = big ? [8, 20, 8] : [2, 12, 4];
  const hasText = text !== undefined && text.length > 0;
  const size = head + entry * (hasText ? 11 : 10) + tail;
  const offsets = big ? LONG8 : LONG;
  const tags: readonly (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, 1, 8 * stored[dtype].BYTES_PER_ELEMENT], // bits
    [259, SHORT, 1, 1], // uncompressed
    [262, SHORT, 1, 1], // black is zero
    ...(hasText ? [[270, ASCII, text.length, big ? 16 : 8] as const] : []),
    [273, offsets, 1, at + size],
    [277, SHORT, 1, 1],
    [278, LONG, 1, height],
    [279, offsets, 1, bytes],
    [339, SHORT, 1, dtype === "float32" ? 3 : 1], // IEEE floating point, or unsigned
  ];
  const view = new DataView(new ArrayBuffer(size));
  const wide = (offset: number, value: number): void =>
    big ? view.setBigUint64(offset, BigInt(value), true) : view.setUint32(offset, value, true);
  if (big) view.setBigUint64(0, BigInt(tags.length), true);
  else view.setUint16(0, tags.length, true);
  for (const [i, [tag, type, count, value]] of tags.entries()) {
    const offset = head + i * entry;
    view.setUint16(offset, tag, true);
    view.setUint16(offset + 2, type, true);
    wide(offset + 4, count);
    if (type === SHORT) view.setUint16(offset + entry - tail, value, true);
    else if (type === LONG) view.setUint32(offset + entry - tail, value, true);
    else wide(offset + entry - tail, value);
  }
  wide(size - tail, isLast ? 0 : at + size + room);
  return new Uint8Array(view.buffer);
}
