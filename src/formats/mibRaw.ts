import { PtychonautError } from "../errors.ts";
import type { MibHeader } from "./mibHeader.ts";
import type { NumericDtype } from "./npy.ts";

/**
 * Frames as a Medipix3 detector reads itself out (R64). Each 64-bit word has its pixels in backward order: 64 of one bit
 * (from the lowest bit of its last byte on), 8 of six bits in a byte each, 4 of twelve bits in two bytes each, big-endian.
 * Of 24 bits, the upper twelve of all pixels come first and then the lower. A row of four chips in a square is a row of the
 * lower right, the lower left, the upper right and the upper left chip; the lower ones stand on their heads.
 */
export interface RawPixels {
  readonly bits: number;
  readonly dtype: NumericDtype;
  /** Of the picture. */
  readonly shape: readonly [height: number, width: number];
  /** Pixels of a chip's row. */
  readonly row: number;
  /** One chip, or four in a square. */
  readonly square: boolean;
  /** Of a frame in the file. */
  readonly bytes: number;
}

/** @throws PtychonautError "data" for an arrangement whose order of pixels is not known */
export function rawPixels({ bits, width, height, chips, layout }: MibHeader, where: string): RawPixels {
  const square = chips === 4 && /^2x2G?$/.test(layout);
  const side = height;
  const fits = square ? width === 4 * side && bits !== 24 : chips === 1 && width === (bits === 24 ? 2 : 1) * side;
  if (bits === undefined || !fits || side % 64 !== 0)
    throw new PtychonautError("data", "raw Merlin frames of an arrangement that is not read", {
      where,
      expected: "one chip of 1, 6, 12 or 24 bits, or four in a square of 1, 6 or 12 bits",
      got: `${chips} chips (${layout}), ${width} × ${height}, ${bits ?? "unknown"} bits`,
      fix: "let the detector's software write U08, U16 or U32",
    });
  return {
    bits,
    dtype: bits <= 6 ? "uint8" : bits === 12 ? "uint16" : "uint32",
    shape: square ? [2 * side, 2 * side] : [side, side],
    row: side,
    square,
    bytes: (width * height * { 1: 1, 6: 8, 12: 16, 24: 16 }[bits as 1 | 6 | 12 | 24]) / 8,
  };
}

/** Puts the pixels of some frames in order, little-endian. */
export function decodeRaw(bytes: Uint8Array, raw: RawPixels, count: number): Uint8Array {
  const { shape, dtype } = raw;
  const size = shape[0] * shape[1];
  const Kind = dtype === "uint8" ? Uint8Array : dtype === "uint16" ? Uint16Array : Uint32Array;
  const out = new Kind(count * size);
  const row = new Uint16Array(raw.row);
  for (let frame = 0; frame < count; frame++) {
    const packed = bytes.subarray(frame * raw.bytes, (frame + 1) * raw.bytes);
    const picture = out.subarray(frame * size, (frame + 1) * size);
    const rowBytes = (raw.row * Math.max(1, raw.bits === 24 ? 16 : raw.bits === 12 ? 16 : raw.bits === 6 ? 8 : 1)) / 8;
    for (let k = 0; (k + 1) * rowBytes <= packed.length; k++) {
      unpackRow(packed.subarray(k * rowBytes, (k + 1) * rowBytes), raw.bits, row);
      placeRow(row, k, raw, picture);
    }
  }
  return new Uint8Array(out.buffer);
}

/** One chip's row. */
function unpackRow(bytes: Uint8Array, bits: number, row: Uint16Array): void {
  for (let x = 0; x < row.length; x++) {
    if (bits === 1) row[x] = (bytes[(x >> 6) * 8 + 7 - ((x >> 3) & 7)] >> (x & 7)) & 1;
    else if (bits === 6) row[x] = bytes[x - (x & 7) + 7 - (x & 7)];
    else {
      const at = 2 * (x - (x & 3) + 3 - (x & 3));
      row[x] = (bytes[at] << 8) | bytes[at + 1];
    }
  }
}

/** @param k which of the file's rows it is */
function placeRow(
  row: Uint16Array,
  k: number,
  { square, row: side, bits }: RawPixels,
  picture: { [i: number]: number },
): void {
  if (!square) {
    // The upper bits come first.
    const start = (k % side) * side;
    for (let x = 0; x < side; x++) picture[start + x] += bits === 24 && k < side ? row[x] * 4096 : row[x];
    return;
  }
  const [y, chip] = [Math.floor(k / 4), k % 4];
  const right = chip === 0 || chip === 2 ? side : 0;
  if (chip >= 2) for (let x = 0; x < side; x++) picture[y * 2 * side + right + x] = row[x];
  else for (let x = 0; x < side; x++) picture[(2 * side - 1 - y) * 2 * side + right + side - 1 - x] = row[x];
}
