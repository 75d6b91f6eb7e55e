import type { ArrayFile } from "../formats/arrayFile.ts";
import { arrayPart } from "./arrayParts.ts";
import { requireKey } from "./namedArrays.ts";
import type { FormatStatement, ScanParts } from "./parts.ts";
import type { ScanOptions } from "./scanOptions.ts";
import { pairsPart } from "./scanPositions.ts";

/**
 * The parts with those that options name by their arrays in the file in place of what the format takes. Of another array of
 * positions the format says nothing.
 * @throws PtychonautError "data" when there is no such array
 */
export function withStatedArrays(parts: ScanParts, file: ArrayFile, options: ScanOptions, where: string): ScanParts {
  const { patternsKey, positionsKey, probeKey, objectKey } = options;
  const named = (key: string | undefined, part: { readonly key: string } | undefined): key is string =>
    key !== undefined && key !== part?.key;
  const positions = positionsKey !== undefined && parts.positions?.keys.includes(positionsKey) !== true;
  if (positions) requireKey(file, positionsKey, "positions", "positionsKey", where);
  return {
    ...parts,
    ...(named(patternsKey, parts.patterns)
      ? { patterns: { file, key: requireKey(file, patternsKey, "patterns", "patternsKey", where) } }
      : {}),
    ...(named(probeKey, parts.probe)
      ? { probe: arrayPart(file, requireKey(file, probeKey, "probe", "probeKey", where)) }
      : {}),
    ...(named(objectKey, parts.object)
      ? { object: arrayPart(file, requireKey(file, objectKey, "reference object", "objectKey", where)) }
      : {}),
    ...(positions
      ? { positions: pairsPart({ file, key: positionsKey }, options, where), says: saysWithout(parts, positionWords) }
      : {}),
  };
}

/** What a format says of its own positions. */
export const positionWords = ["positionUnit", "positionsAre", "positionOrigin", "positionReference"] as const;

/** What a format says, without what it says of an array that is not taken. */
export function saysWithout({ says = {} }: ScanParts, words: readonly (keyof FormatStatement)[]): FormatStatement {
  return Object.fromEntries(Object.entries(says).filter(([word]) => !(words as readonly string[]).includes(word)));
}
