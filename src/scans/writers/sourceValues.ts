import { sizeOf } from "../../arrays.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { NpyArray } from "../../formats/npy.ts";

/** What one array or attribute may have to be noted, and all together: attributes of HDF5 hold 64 kB. */
const MOST_NUMBERS = 4;
const MOST_CHARACTERS = 2 ** 12;
const MOST_IN_ALL = 2 ** 14;
/** No more is looked at when there is less room. */
const LEAST_ROOM = 64;

/**
 * The single numbers and texts of a file, a line each, KEY: VALUE: what a scan has no field for (titles, times, names, settings
 * of the beamline) then goes along in another file's record. Later lines of a text are indented.
 */
export function valuesIn(file: ArrayFile): readonly string[] {
  const lines: string[] = [];
  let room = MOST_IN_ALL;
  const note = (name: string, array: NpyArray): void => {
    const value = textOf(array);
    if (value === undefined || value.length + name.length > room) return;
    room -= value.length + name.length;
    lines.push(`${name}: ${value}`);
  };
  for (const [name, array] of Object.entries(file.attributes())) note(`@${name}`, array);
  for (const key of file.keys) {
    if (room < LEAST_ROOM) return lines;
    const { shape, dtype } = file.header(key);
    if (sizeOf(shape) > MOST_NUMBERS || dtype === "object") continue;
    note(key, file.read(key));
  }
  return lines;
}

function textOf(array: NpyArray): string | undefined {
  if (array.data.length === 0 || array.data.length > 2 * MOST_NUMBERS) return undefined;
  const text = array.dtype === "string" ? array.data.join(", ").trim() : Array.from(array.data).join(", ");
  if (text === "") return undefined;
  const some = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)} …` : text;
  return some.replaceAll("\n", "\n    ");
}
