import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "./arrayFile.ts";
import type { ByteSource } from "./byteSource.ts";
import { type ListedArray, listedArrays, storedArray } from "./listedArrays.ts";
import { checkTextSize, NPY_HEADER_BYTES, readNpy, readNpyHeader, type TextArray } from "./npy.ts";

/** The name of the only array. */
const KEY = "array";

/** Whether a file starts like a single NumPy array. */
export const isNpy = (head: Uint8Array): boolean =>
  [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59].every((byte, i) => head[i] === byte);

/**
 * Opens one NumPy array, under the key `array`.
 * @throws PtychonautError "data", see `readNpyHeader`; also a file of another size than the array's
 */
export function openNpy(source: ByteSource, where: string): ArrayFile {
  const { dataOffset, ...header } = readNpyHeader(source.read(0, Math.min(source.size, NPY_HEADER_BYTES)), where);
  const bytes = source.size - dataOffset;
  if (header.dataBytes !== undefined && header.dataBytes !== bytes)
    throw new PtychonautError("data", bytes < header.dataBytes ? "truncated array" : "array with bytes left over", {
      where,
      expected: `${header.dataBytes} bytes for shape (${header.shape.join(", ")})`,
      got: `${bytes} bytes`,
    });
  const isText = ["string", "bytes", "object"].includes(header.dtype);
  if (isText) checkTextSize(header, bytes, where);
  const stored = storedArray(source, dataOffset, header);
  const array: ListedArray = isText
    ? { ...stored, text: () => readNpy(source.read(0, source.size), where) as TextArray }
    : stored;
  return listedArrays({ container: "NPY", arrays: new Map([[KEY, array]]), where });
}
