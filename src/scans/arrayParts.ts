import { sizeOf } from "../arrays.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { NpyArray } from "../formats/npy.ts";
import type { ArrayPart, PositionsPart } from "./parts.ts";
import type { ScanOptions } from "./scanOptions.ts";
import { pairsPart } from "./scanPositions.ts";

/** Small things that scan formats have in common. */

/** An array of a file as a part of a scan, by its name. */
export const arrayPart = (file: ArrayFile, key: string): ArrayPart => ({
  key,
  shape: file.header(key).shape,
  read: () => file.readNumbers(key),
});

/** The first of these names that the file has. */
export const firstKey = (file: ArrayFile, keys: readonly string[]): string | undefined =>
  keys.find((key) => file.has(key));

/** The one number of an array, whatever its axes, or of an attribute of the file; undefined where there is none. */
export function numberIn(file: ArrayFile, key: string): number | undefined {
  if (!file.has(key)) return numberOf(file.attributes()[key]);
  const { shape, dtype } = file.header(key);
  if (sizeOf(shape) !== 1 || !isReal(dtype)) return undefined;
  return numberOf(file.readNumbers(key));
}

/** The first element, where it is a real number. */
export function numberOf(array: NpyArray | undefined): number | undefined {
  if (array === undefined || !isReal(array.dtype)) return undefined;
  const [first] = array.data;
  return typeof first === "number" && Number.isFinite(first) ? first : undefined;
}

/** The first element, where it is text. */
export function textOf(array: NpyArray | undefined): string | undefined {
  return array?.dtype === "string" ? array.data[0] : undefined;
}

export const isReal = (dtype: string): boolean => /^(bool|u?int|float)/.test(dtype);

/** Whether an array is there and of this many axes. */
export const hasRank = (file: ArrayFile, key: string, ...ranks: readonly number[]): boolean =>
  file.has(key) && ranks.includes(file.header(key).shape.length);

/** Positions in pairs whose order the format knows; who says another one wins. */
export const orderedPairs = (
  file: ArrayFile,
  key: string,
  order: "xy" | "yx",
  options: ScanOptions,
  where: string,
): PositionsPart => pairsPart({ file, key }, { ...options, positionOrder: options.positionOrder ?? order }, where);
