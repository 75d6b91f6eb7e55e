import { sizeOf } from "../arrays.ts";
import type { ArrayFile, ArrayHeader } from "./arrayFile.ts";
import type { NumericArray, NumericData } from "./npy.ts";

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
  const parts = dtype.startsWith("complex") ? 2 : 1;
  const turned = [...shape].reverse();
  const out = new (data.constructor as new (length: number) => NumericData)(data.length);
  const strides: number[] = [];
  for (let axis = 0, step = 1; axis < turned.length; axis++) {
    // Of the turned array's axis, in the stored one, whose last axis is fastest.
    strides.push(step);
    step *= turned[axis];
  }
  const index = new Array<number>(turned.length).fill(0);
  let from = 0;
  for (let to = 0; to < data.length; to += parts) {
    for (let part = 0; part < parts; part++) out[to + part] = data[from * parts + part];
    for (let axis = turned.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < turned[axis]) break;
      from -= strides[axis] * turned[axis];
      index[axis] = 0;
    }
  }
  return { shape: turned, dtype, data: out };
}
