import { PtychonautError } from "../errors.ts";
import type { ByteSource } from "./byteSource.ts";

/** Text beside frames is short. */
const MOST_TEXT = 2 ** 22;

/** The whole of a small text file. @throws PtychonautError "data" when it is no small one */
export function sidecarText(source: ByteSource, where: string): string {
  if (source.size > MOST_TEXT)
    throw new PtychonautError("data", "a file that should describe another is too large for that", {
      where,
      expected: `at most ${MOST_TEXT} bytes`,
      got: `${source.size}`,
    });
  return new TextDecoder().decode(source.read(0, source.size));
}

/** A file's name without its folder. Names in files lead nowhere else. */
export const bareName = (path: string): string => path.replace(/^.*[\\/]/, "");

/** The name of the file beside it with another ending. */
export const withEnding = (name: string, ending: string): string => bareName(name).replace(/(\.[^.]*)?$/, ending);

/** A whole number above 0, or nothing. */
export function countOf(text: string | undefined): number | undefined {
  const number = /^\s*\d+\s*$/.test(text ?? "") ? Number(text) : 0;
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** A finite number, or nothing. */
export function numberIn(text: string | undefined): number | undefined {
  const number = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

export const decoded = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);
