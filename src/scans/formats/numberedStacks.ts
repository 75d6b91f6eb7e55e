import { PtychonautError } from "../../errors.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import { hasRank } from "../arrayParts.ts";

/**
 * Stacks of frames that are numbered, from `first` on until there is no more.
 * @throws PtychonautError "data" where the next one is a link to a file that is not there
 */
export function numberedStacks(file: ArrayFile, first: number, keyOf: (number: number) => string): string[] {
  const keys: string[] = [];
  for (let key = keyOf(first); hasRank(file, key, 3); key = keyOf(first + keys.length)) keys.push(key);
  const next = keyOf(first + keys.length);
  if (file.has(next)) return keys;
  for (const path of [next, next.slice(0, Math.max(0, next.lastIndexOf("/")))])
    try {
      file.header(path);
    } catch (error) {
      if (error instanceof PtychonautError && error.what.startsWith("the link ")) throw error;
    }
  return keys;
}
