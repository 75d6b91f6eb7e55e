import { sizeOf } from "../../arrays.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { PositionsPart } from "../parts.ts";

/** `[2, frame]`: all x, then all y. */
export function rowsOfXy(file: ArrayFile, key: string): PositionsPart {
  const count = Math.floor(sizeOf(file.header(key).shape) / 2);
  return {
    keys: [key],
    count,
    read() {
      const { data } = file.readNumbers(key);
      return Float64Array.from({ length: 2 * count }, (_, i) => data[i % 2 === 0 ? count + (i >> 1) : i >> 1]);
    },
    conversions: [`positions from ${key}, rows (x, y)`],
  };
}

/** Whether an array has two rows. */
export const hasTwoRows = (file: ArrayFile, key: string): boolean => {
  if (!file.has(key)) return false;
  const { shape, dtype } = file.header(key);
  return shape.length === 2 && shape[0] === 2 && /^(u?int|float)/.test(dtype);
};
