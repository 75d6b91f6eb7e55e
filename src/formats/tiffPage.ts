import { unzlibSync } from "fflate";
import { decompress } from "fzstd";
import { PtychonautError } from "../errors.ts";
import { adler32 } from "./adler32.ts";
import type { ByteSource } from "./byteSource.ts";
import { swapBytes } from "./frameStack.ts";
import { itemSizes } from "./listedArrays.ts";
import { lzwDecoded } from "./lzw.ts";
import type { TiffDirectory } from "./tiffTags.ts";

type Decoder = (packed: Uint8Array, size: number) => Uint8Array;

/** By the number of the compression; each gives `size` bytes at most. */
const decoders: Readonly<Record<number, Decoder>> = {
  1: (packed) => packed,
  5: lzwDecoded,
  8: deflated,
  32773: packBits,
  32946: deflated,
  50000: (packed, size) => decompress(packed, new Uint8Array(size)),
};

/**
 * The pixels of a page, `[y, x]`, little-endian.
 * @throws PtychonautError "data": a compression that is not read, damaged
 */
export function decodePage(source: ByteSource, page: TiffDirectory, where: string): Uint8Array {
  const { width, height, dtype, compression, pieceWidth, pieceHeight, tiled } = page;
  const decode = decoders[compression];
  if (decode === undefined)
    throw new PtychonautError("data", `pages with compression ${compression} are not read`, {
      where,
      expected: "none (1), LZW (5), deflate (8, 32946), PackBits (32773) or Zstandard (50000)",
      fix: "save the stack without compression, or with one of these",
    });
  const item = itemSizes[dtype];
  const out = new Uint8Array(width * height * item);
  const across = Math.ceil(width / pieceWidth);
  for (const [k, { offset, bytes }] of page.pieces().entries()) {
    const [top, left] = [Math.floor(k / across) * pieceHeight, (k % across) * pieceWidth];
    // Tiles are whole at the edges, strips are not.
    const rows = tiled ? pieceHeight : Math.min(pieceHeight, height - top);
    const pixels = unpacked(source.read(offset, bytes), decode, rows * pieceWidth * item, where);
    unpredicted(pixels, page, rows);
    const some = Math.min(pieceWidth, width - left) * item;
    for (let y = 0; y < Math.min(rows, height - top); y++)
      out.set(pixels.subarray(y * pieceWidth * item, y * pieceWidth * item + some), ((top + y) * width + left) * item);
  }
  return out;
}

/** A piece of its own size, in memory of its own. */
function unpacked(packed: Uint8Array, decode: Decoder, size: number, where: string): Uint8Array {
  let pixels: Uint8Array;
  try {
    pixels = decode(packed, size);
  } catch (cause) {
    throw damaged("a piece cannot be decompressed", where, cause);
  }
  if (pixels.length < size) throw damaged("a piece has fewer pixels than its extent", where);
  return pixels.slice(0, size);
}

/** Undoes the predictor (2: differences along a row; 3: of a row's bytes, most significant first) and the byte order. */
function unpredicted(
  pixels: Uint8Array,
  { predictor, dtype, littleEndian, pieceWidth }: TiffDirectory,
  rows: number,
): void {
  const item = itemSizes[dtype];
  const row = pieceWidth * item;
  if (predictor === 3) {
    for (let y = 0; y < rows; y++) floatRow(pixels.subarray(y * row, (y + 1) * row), item);
    return;
  }
  if (!littleEndian) swapBytes(pixels, item);
  if (predictor !== 2) return;
  const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  for (let y = 0; y < rows; y++)
    for (let at = y * row + item; at < (y + 1) * row; at += item) {
      if (item === 1) pixels[at] += pixels[at - 1];
      else if (item === 2) view.setUint16(at, view.getUint16(at, true) + view.getUint16(at - 2, true), true);
      else if (item === 4) view.setUint32(at, view.getUint32(at, true) + view.getUint32(at - 4, true), true);
      else view.setBigUint64(at, view.getBigUint64(at, true) + view.getBigUint64(at - 8, true), true);
    }
}

function floatRow(row: Uint8Array, item: number): void {
  for (let i = 1; i < row.length; i++) row[i] += row[i - 1];
  const planes = row.slice();
  const width = row.length / item;
  for (let x = 0; x < width; x++)
    for (let byte = 0; byte < item; byte++) row[x * item + byte] = planes[(item - 1 - byte) * width + x];
}

/** In zlib's format, with its checksum. */
function deflated(packed: Uint8Array, size: number): Uint8Array {
  if (packed.length < ZLIB_BYTES) throw new Error("nothing is in it");
  const pixels = unzlibSync(packed, { out: new Uint8Array(size) });
  const sum = new DataView(packed.buffer, packed.byteOffset + packed.length - 4, 4).getUint32(0);
  if (sum !== adler32(pixels)) throw new Error("a wrong checksum");
  return pixels;
}

/** Of the shortest that holds something: header, a byte, checksum. */
const ZLIB_BYTES = 8;

/** Runs of bytes: a count of literal ones, or of repetitions of one (TIFF 6.0, section 9). */
function packBits(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let filled = 0;
  for (let at = 0; at < packed.length && filled < size; ) {
    const count = packed[at++];
    if (count === 128) continue;
    if (count < 128) {
      const piece = packed.subarray(at, at + Math.min(count + 1, size - filled));
      out.set(piece, filled);
      filled += piece.length;
      at += count + 1;
    } else {
      const end = Math.min(size, filled + 257 - count);
      out.fill(packed[at++] ?? 0, filled, end);
      filled = end;
    }
  }
  return out.subarray(0, filled);
}

const damaged = (what: string, where: string, cause?: unknown): PtychonautError =>
  new PtychonautError("data", `damaged or truncated TIFF: ${what}`, {
    where,
    fix: "save or copy the file again",
    ...(cause === undefined ? {} : { cause }),
  });
