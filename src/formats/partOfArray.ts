import { sizeOf } from "../arrays.ts";
import type { ArrayFile, ArrayHeader } from "./arrayFile.ts";
import { withViews } from "./arrayViews.ts";
import type { NumericArray } from "./npy.ts";

/**
 * A file in which arrays stand for one entry along their first axis: of several views, the one that is meant.
 * @param entry of which arrays, and which entry; undefined where an array is as it is. Those must be row-major.
 */
export function withEntries(file: ArrayFile, entry: (key: string) => number | undefined): ArrayFile {
  const entryOf = (key: string): number => entry(key) ?? 0;
  const header = (key: string): ArrayHeader => {
    const { shape, dataBytes, ...others } = file.header(key);
    return { ...others, shape: shape.slice(1), dataBytes: dataBytes && dataBytes / shape[0] };
  };
  return withViews(file, (key) => entry(key) !== undefined, {
    header,
    readNumbers(key): NumericArray {
      const { shape } = header(key);
      const { data, dtype } = file.readNumbers(key);
      const size = sizeOf(shape) * (dtype.startsWith("complex") ? 2 : 1);
      return { shape, dtype, data: data.subarray(entryOf(key) * size, (entryOf(key) + 1) * size) };
    },
    readImages: (key, first, count) =>
      file.readImages(key, entryOf(key) * sizeOf(header(key).shape.slice(0, -2)) + first, count),
    elements(key) {
      const { dataBytes = 0 } = header(key);
      return stretch(file.elements(key), entryOf(key) * dataBytes, dataBytes);
    },
    storedAt(key) {
      const whole = file.storedAt(key);
      const offset = entryOf(key) * (header(key).dataBytes ?? 0);
      return whole && { source: whole.source, offset: whole.offset + offset };
    },
  });
}

/** Some of a stream's bytes. All of it is taken, for the sake of its checksum. */
function* stretch(pieces: Iterable<Uint8Array>, from: number, length: number): Generator<Uint8Array, void, void> {
  let at = 0;
  for (const piece of pieces) {
    const [begin, end] = [Math.max(0, from - at), Math.min(piece.length, from + length - at)];
    if (begin < end) yield piece.subarray(begin, end);
    at += piece.length;
  }
}
