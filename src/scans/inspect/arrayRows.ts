import { foldedNames } from "../../formats/foldedNames.ts";
import { printableLine } from "../../printable.ts";
import type { ScanInspection } from "./inspectScan.ts";

type Arrays = ScanInspection["arrays"];

/** Shapes that are told of arrays that stand as one. */
const SHAPES = 3;

/** Single values that are told by name; of more the folders are told. */
const SINGLE = 24;

/**
 * Rows of names, shapes and dtypes for people. Arrays whose names differ in numbers alone, and whose elements are of one kind,
 * stand as one, with all their shapes; and so do the single values of a folder where a file has many: another program's settings.
 */
export function arrayRows(arrays: Arrays): string[][] {
  const known = new Map(arrays.map((array) => [array.key, array]));
  const many = isMany(arrays);
  const isSingle = (name: string): boolean => many && known.get(name)?.shape.length === 0;
  const inFolders = (name: string): string => (isSingle(name) ? folderOf(name) : "");
  const folders = new Set<string>();
  const rows: string[][] = [];
  for (const { label, names } of foldedNames([...known.keys()], (name) => known.get(name)?.dtype ?? "")) {
    const folder = inFolders(names[0]);
    if (folder === "")
      rows.push(
        rowOf(
          label,
          names.map((name) => known.get(name) as Arrays[number]),
        ),
      );
    else if (!folders.has(folder)) {
      folders.add(folder);
      const inside = arrays.filter(({ key }) => inFolders(key) === folder);
      rows.push([`${printableLine(folder)}/… × ${inside.length}`, "()", "single values"]);
    }
  }
  return rows;
}

/** Where all names are, if some are left out. */
export const foldedNote = (arrays: Arrays): string[] =>
  isMany(arrays) ? ["  (single values one by one: in this report as JSON)"] : [];

const isMany = (arrays: Arrays): boolean => arrays.filter(({ shape }) => shape.length === 0).length > SINGLE;

/** The first two parts of a path, as far as there are as many before the name. */
const folderOf = (name: string): string => name.split("/").slice(0, -1).slice(0, 2).join("/");

function rowOf(label: string, arrays: Arrays): string[] {
  const shapes = [...new Set(arrays.map(({ shape }) => `(${shape.join(", ")})`))];
  const more = shapes.length > SHAPES ? ` and ${shapes.length - SHAPES} other shapes` : "";
  return [
    `${printableLine(label)}${arrays.length > 1 ? ` × ${arrays.length}` : ""}`,
    `${shapes.slice(0, SHAPES).join(" ")}${more}`,
    arrays[0].dtype,
  ];
}
