import { sizeOf } from "../arrays.ts";
import type { ArrayFile, ArrayHeader } from "./arrayFile.ts";
import type { NumericArray, NumericData } from "./npy.ts";

/**
 * A file in which arrays stand for one entry along their first axis: of several views, the one that is meant.
 * @param entry of which arrays, and which entry; undefined where an array is as it is. Those must be row-major.
 */
export function withEntries(file: ArrayFile, entry: (key: string) => number | undefined): ArrayFile {
  const header = (key: string): ArrayHeader => {
    const whole = file.header(key);
    if (entry(key) === undefined) return whole;
    const { shape, dataBytes } = whole;
    return { ...whole, shape: shape.slice(1), dataBytes: dataBytes && dataBytes / shape[0] };
  };
  const readNumbers = (key: string): NumericArray => {
    const at = entry(key);
    if (at === undefined) return file.readNumbers(key);
    const { shape, dtype } = header(key);
    const { data } = file.readNumbers(key);
    const size = sizeOf(shape) * (dtype.startsWith("complex") ? 2 : 1);
    return { shape, dtype: dtype as NumericArray["dtype"], data: data.subarray(at * size, (at + 1) * size) };
  };
  return {
    container: file.container,
    keys: file.keys,
    has: (key) => file.has(key),
    header,
    attributes: (key) => file.attributes(key),
    read: (key) => (entry(key) === undefined ? file.read(key) : readNumbers(key)),
    readNumbers,
    readImages(key, first, count): NumericData {
      const at = entry(key);
      const skipped = at === undefined ? 0 : at * sizeOf(header(key).shape.slice(0, -2));
      return file.readImages(key, skipped + first, count);
    },
    elements(key) {
      const at = entry(key);
      const { dataBytes = 0 } = header(key);
      return at === undefined ? file.elements(key) : stretch(file.elements(key), at * dataBytes, dataBytes);
    },
    storedAt(key) {
      const whole = file.storedAt(key);
      const at = entry(key);
      if (whole === undefined || at === undefined) return whole;
      return { source: whole.source, offset: whole.offset + at * (header(key).dataBytes ?? 0) };
    },
    close: () => file.close(),
  };
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
