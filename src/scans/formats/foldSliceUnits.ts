import { sizeOf } from "../../arrays.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import { textOf } from "./quantities.ts";

/** fold_slice keeps metres for X-rays and ångström for electrons; results say which it was, data do not. */

/** No scan is so long, in metres; one of electrons is not so short, in ångström. */
export const metresLong = 0.01;

/** Whether an array is a cell of MATLAB 7.3, which holds references to others. */
export const isCell = (file: ArrayFile, key: string): boolean => file.has(key) && file.header(key).dtype === "object";

const LONGEST_TEXT = 4096;

/** A text as MATLAB's files have it: of version 7.3 by the codes of its letters, marked as class char. */
export function matlabText(file: ArrayFile, key: string): string | undefined {
  if (!file.has(key)) return undefined;
  const { dtype, shape } = file.header(key);
  if (dtype === "string") return textOf(file.read(key));
  const letters = dtype === "uint16" && sizeOf(shape) <= LONGEST_TEXT;
  if (!letters || textOf(file.attributes(key)["MATLAB_class"]) !== "char") return undefined;
  return String.fromCharCode(...file.readNumbers(key).data);
}
