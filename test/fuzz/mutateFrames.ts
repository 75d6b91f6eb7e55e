import { unzlibSync, zlibSync } from "fflate";
import type { Random } from "../../src/random.ts";

/** Bytes that change numbers where they may be lengths, offsets, extents. */
const interesting = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];

export const isFrames = (bytes: Uint8Array): boolean =>
  ["MATL", "II*\0", "MM\0*", "II+\0", "MM\0+", "\0\0\0\u0003", "\0\0\0\u0004"].includes(
    String.fromCharCode(...bytes.subarray(0, 4)),
  );

/** One number becomes another, in either byte order; of MATLAB's files also within what is compressed. */
export function mutatedFrames(
  bytes: Uint8Array,
  random: Random,
  change: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const compressed = bytes[0] === 0x4d && bytes[1] === 0x41 && bytes[128] === 15;
  if (compressed && random.integer(4) > 0) return withinVariable(bytes, random, change);
  return numberChanged(bytes, random);
}

function numberChanged(bytes: Uint8Array, random: Random): Uint8Array {
  const out = bytes.slice();
  const width = [1, 2, 4, 8][random.integer(4)];
  // Few bytes of a file say how large it is, and they come first or last.
  const near = Math.min(out.length, 600);
  const from =
    random.integer(3) === 0
      ? random.integer(out.length)
      : random.integer(2) === 0
        ? random.integer(near)
        : out.length - 1 - random.integer(near);
  if (from + width > out.length) return out;
  const view = new DataView(out.buffer, out.byteOffset);
  const value =
    random.integer(3) === 0 ? random.integer(out.length + 8) : interesting[random.integer(interesting.length)];
  const littleEndian = random.integer(2) === 0;
  if (width === 8) view.setBigUint64(from, BigInt(value), littleEndian);
  else if (width === 4) view.setUint32(from, value, littleEndian);
  else if (width === 2) view.setUint16(from, value, littleEndian);
  else view.setUint8(from, value);
  return out;
}

/** A variable is taken out, changed, and put back with the length that it has then. */
function withinVariable(bytes: Uint8Array, random: Random, change: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts: number[] = [];
  for (let at = 128; at + 8 <= bytes.length; at += 8 + view.getUint32(at + 4, true)) starts.push(at);
  const at = starts[random.integer(starts.length)];
  const end = at + 8 + view.getUint32(at + 4, true);
  const inside = unzlibSync(bytes.subarray(at + 8, end));
  const packed = zlibSync(random.integer(2) === 0 ? numberChanged(inside, random) : change(inside));
  const out = new Uint8Array(at + 8 + packed.length + bytes.length - end);
  out.set(bytes.subarray(0, at + 4));
  new DataView(out.buffer).setUint32(at + 4, packed.length, true);
  out.set(packed, at + 8);
  out.set(bytes.subarray(end), at + 8 + packed.length);
  return out;
}
