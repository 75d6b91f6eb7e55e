import { sizeOf } from "../arrays.ts";
import type { ArrayFile, ArrayHeader } from "./arrayFile.ts";
import type { NumericArray } from "./npy.ts";
import { toRowMajor } from "./rowMajor.ts";

/**
 * A file as MATLAB sees it: MATLAB keeps the first index fastest, so that its (y, x, frame) arrives elsewhere as
 * (frame, x, y). Here the shape of every array is turned round again and the order said to be Fortran's.
 * @param turned which arrays are like this; default: all
 */
export function asColumnMajor(file: ArrayFile, turned: (key: string) => boolean = () => true): ArrayFile {
  const turns = (key: string): boolean => turned(key) && !file.header(key).fortranOrder;
  const header = (key: string): ArrayHeader => {
    const stored = file.header(key);
    return turns(key) ? { ...stored, shape: [...stored.shape].reverse(), fortranOrder: true } : stored;
  };
  const readNumbers = (key: string): NumericArray => {
    const stored = file.readNumbers(key);
    return turns(key) ? axesReversed(stored) : stored;
  };
  return {
    container: file.container,
    keys: file.keys,
    has: (key) => file.has(key),
    header,
    attributes: (key) => file.attributes(key),
    read(key) {
      const stored = file.read(key);
      return turns(key) && stored.dtype !== "string" ? axesReversed(stored) : stored;
    },
    readNumbers,
    readImages(key, first, count) {
      if (!turns(key)) return file.readImages(key, first, count);
      const { shape, data } = readNumbers(key);
      const size = sizeOf(shape.slice(-2));
      return data.subarray(first * size, (first + count) * size);
    },
    elements: (key) => file.elements(key),
    storedAt: (key) => file.storedAt(key),
    close: () => file.close(),
  };
}

/** The same array with its axes in the other order, row-major again. */
export function axesReversed({ shape, dtype, data }: NumericArray): NumericArray {
  const turned = [...shape].reverse();
  return { shape: turned, dtype, data: toRowMajor(data, turned, dtype.startsWith("complex") ? 2 : 1) };
}
