import { sizeOf } from "../arrays.ts";
import type { ArrayFile } from "./arrayFile.ts";
import { withViews } from "./arrayViews.ts";
import type { NumericArray } from "./npy.ts";
import { toRowMajor } from "./rowMajor.ts";

/**
 * A file as MATLAB sees it: MATLAB keeps the first index fastest, so that its (y, x, frame) arrives elsewhere as
 * (frame, x, y). Here the shape of every array is turned round again and the order said to be Fortran's; but for those of texts.
 * @param turned which arrays are like this; default: all
 */
export function asColumnMajor(file: ArrayFile, turned: (key: string) => boolean = () => true): ArrayFile {
  const readNumbers = (key: string): NumericArray => axesReversed(file.readNumbers(key));
  const isTurned = (key: string): boolean => {
    if (!turned(key)) return false;
    const { dtype, fortranOrder } = file.header(key);
    return !fortranOrder && /^(bool|u?int|float|complex)/.test(dtype);
  };
  return withViews(file, isTurned, {
    header(key) {
      const stored = file.header(key);
      return { ...stored, shape: [...stored.shape].reverse(), fortranOrder: true };
    },
    readNumbers,
    readImages(key, first, count) {
      const { shape, data } = readNumbers(key);
      const size = sizeOf(shape.slice(-2));
      return data.subarray(first * size, (first + count) * size);
    },
    // In the order of the file, which the header says.
    elements: (key) => file.elements(key),
    storedAt: (key) => file.storedAt(key),
  });
}

/** The same array with its axes in the other order, row-major again. */
export function axesReversed({ shape, dtype, data }: NumericArray): NumericArray {
  const turned = [...shape].reverse();
  return { shape: turned, dtype, data: toRowMajor(data, turned, dtype.startsWith("complex") ? 2 : 1) };
}
