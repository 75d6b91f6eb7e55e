import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { optionAdvice, type ScanOptions } from "./scanOptions.ts";

/** @throws PtychonautError "data" when there is no such array, with the option that names another */
export function requireKey(
  file: ArrayFile,
  key: string,
  what: string,
  option: keyof ScanOptions,
  where: string,
): string {
  if (file.has(key)) return key;
  throw new PtychonautError("data", `no ${what}: the file has no array "${key}"`, {
    where,
    got: `the arrays ${file.keys.join(", ")}`,
    fix: `name the array with ${optionAdvice(option)}`,
  });
}
