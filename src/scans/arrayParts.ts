import type { ArrayFile } from "../formats/arrayFile.ts";
import { attempted } from "./checks/finding.ts";
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

/** Whether an array of numbers is there and of so many axes; one that is broken is none. */
export function hasRank(file: ArrayFile, key: string, ...ranks: readonly number[]): boolean {
  if (!file.has(key)) return false;
  const { value: header } = attempted(() => file.header(key));
  return (
    header !== undefined && /^(bool|u?int|float|complex)/.test(header.dtype) && ranks.includes(header.shape.length)
  );
}

/** Whether options name the arrays of patterns and of positions, so that a file is to be read by names. */
export const namesArrays = ({ patternsKey, positionsKey }: ScanOptions): boolean =>
  patternsKey !== undefined && positionsKey !== undefined;

/** Positions in pairs whose order the format knows; who says another one wins. */
export const orderedPairs = (
  file: ArrayFile,
  key: string,
  order: "xy" | "yx",
  options: ScanOptions,
  where: string,
): PositionsPart => pairsPart({ file, key }, { ...options, positionOrder: options.positionOrder ?? order }, where);
