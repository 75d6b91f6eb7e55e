import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { namesText } from "../formats/foldedNames.ts";
import { optionAdvice, type ScanOptions } from "./scanOptions.ts";

/**
 * What links that lead nowhere would bring is not in the scan.
 * @returns a warning for all of them together, none where there are none
 */
export function brokenLinkWarnings(file: ArrayFile): string[] {
  const { brokenLinks = [] } = file;
  if (brokenLinks.length === 0) return [];
  const shown = brokenLinks.slice(0, MOST_LINKS).map((key) => `${key} (${whyBroken(file, key)})`);
  const more = brokenLinks.length - shown.length;
  const [what, which] = brokenLinks.length === 1 ? ["a link leads", "it"] : ["links lead", "they"];
  return [
    `${what} to what is not there, and what ${which} would bring is left out: ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`,
  ];
}

const MOST_LINKS = 4;

function whyBroken(file: ArrayFile, key: string): string {
  try {
    file.header(key);
  } catch (error) {
    if (error instanceof PtychonautError) return error.details.got ?? error.what;
    throw error;
  }
  return "";
}

/** @throws PtychonautError "data" that says where a link of this name would lead, if there is one and it is broken */
export function checkLink(file: ArrayFile, key: string): void {
  if (file.brokenLinks?.includes(key.replace(/^\/+/, ""))) file.header(key);
}

/** @throws PtychonautError "data" when there is no such array, with the option that names another */
export function requireKey(
  file: ArrayFile,
  key: string,
  what: string,
  option: keyof ScanOptions,
  where: string,
): string {
  if (file.has(key)) return key;
  checkLink(file, key);
  throw new PtychonautError("data", `no ${what}: the file has no array "${key}"`, {
    where,
    got: `the arrays ${namesText(file.keys)}`,
    fix: `name the array with ${optionAdvice(option)}`,
  });
}
