import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { namesText } from "../formats/foldedNames.ts";
import { type AddressOption, SEPARATOR } from "./addresses.ts";
import { metresNamed } from "./formats/quantities.ts";
import type { ArrayPart, PositionsPart, ScanParts } from "./parts.ts";
import type { Elsewhere, PlacedArray } from "./scanFormat.ts";
import { lengthUnits, optionAdvice, type PositionUnit, type ScanOptions } from "./scanOptions.ts";
import { columnsPart, pairsPart } from "./scanPositions.ts";
import { positionWords, saysWithout } from "./statedArrays.ts";

/**
 * The parts with those that options take from other files in place of the file's own.
 * @throws PtychonautError "data" for arrays that cannot be what they are named for
 */
export function withElsewhere(parts: ScanParts, elsewhere: Elsewhere, options: ScanOptions): ScanParts {
  const { patterns, positions, probeFile, objectFile, maskFile, backgroundFile } = elsewhere;
  // A format knows its own arrays, not these.
  const foreign = [
    ...(positions === undefined ? [] : positionWords),
    ...(probeFile === undefined ? [] : (["probeAt"] as const)),
    ...(maskFile === undefined ? [] : (["maskValid"] as const)),
  ];
  const unit = positions === undefined ? undefined : statedUnit(positions, options);
  return {
    ...parts,
    ...(parts.says === undefined && unit === undefined
      ? {}
      : { says: { ...saysWithout(parts, foreign), ...(unit === undefined ? {} : { positionUnit: unit }) } }),
    ...(patterns === undefined ? {} : { patterns: single(patterns, "patterns") }),
    ...(positions === undefined ? {} : { positions: positionsOf(positions, options) }),
    ...(probeFile === undefined ? {} : { probe: partOf(single(probeFile, "probeFile")) }),
    ...(objectFile === undefined ? {} : { object: partOf(single(objectFile, "objectFile")) }),
    ...(maskFile === undefined ? {} : { mask: partOf(single(maskFile, "maskFile")) }),
    ...(backgroundFile === undefined ? {} : { background: partOf(single(backgroundFile, "backgroundFile")) }),
  };
}

/**
 * The arrays that an address names in its file. Without names it is the only array there, or for positions the columns x
 * and y where there are such.
 * @throws PtychonautError "data" when there is no such array, or several and no name
 */
export function placedArrays(
  file: ArrayFile,
  keys: readonly string[],
  option: AddressOption,
  where: string,
): readonly PlacedArray[] {
  const named = keys.length > 0 ? keys : usualKeys(file, option);
  const missing = named.find((key) => !file.has(key));
  if (named.length > 0 && missing === undefined) return named.map((key) => ({ file, key, where }));
  throw new PtychonautError("data", missing === undefined ? "which array is meant?" : `no array "${missing}"`, {
    where,
    got: `the arrays ${namesText(file.keys)}`,
    fix: `name it: ${optionAdvice(option, `${where}${SEPARATOR}ARRAY`)}`,
  });
}

function usualKeys(file: ArrayFile, option: AddressOption): readonly string[] {
  if (option === "positions" && file.has("x") && file.has("y")) return ["x", "y"];
  return file.keys.length === 1 || file.has("table") ? [file.has("table") ? "table" : file.keys[0]] : [];
}

function single(arrays: readonly PlacedArray[], option: AddressOption): PlacedArray {
  if (arrays.length === 1) return arrays[0];
  throw new PtychonautError("usage", "one array is expected", {
    where: arrays[0]?.where ?? "",
    got: arrays.map(({ key }) => key).join(", "),
    fix: `name one: ${optionAdvice(option, "FILE::ARRAY")}`,
  });
}

const partOf = ({ file, key, where }: PlacedArray): ArrayPart => ({
  ...{ key, where },
  shape: file.header(key).shape,
  read: () => file.readNumbers(key),
});

/**
 * The unit that arrays of positions state beside their numbers, or in the name of their column; undefined where options say
 * it, or nothing does.
 * @throws PtychonautError "data" for units that differ or cannot be positions'
 */
export function statedUnit(
  arrays: readonly PlacedArray[],
  { positionUnit }: Pick<ScanOptions, "positionUnit">,
): PositionUnit | undefined {
  if (positionUnit !== undefined) return undefined;
  const names = arrays.map(({ file, key }) => {
    const { units } = file.attributes(key);
    return units?.dtype === "string" ? (units.data[0] ?? "").trim() : "";
  });
  const [first, ...others] = names.map((name, k) => lengthNamed(name, `${arrays[k].where}: ${arrays[k].key}`));
  if (others.every((other) => other === first)) return first;
  throw new PtychonautError("data", "positions along x and y have different units", {
    where: arrays.map(({ where, key }) => `${where}: ${key}`).join(", "),
    got: names.map((name) => name || "none").join(" and "),
    fix: `save both in one, or say which holds for both: ${optionAdvice("positionUnit")}`,
  });
}

function lengthNamed(unit: string, where: string): PositionUnit | undefined {
  if (unit === "") return undefined;
  if (/^(px|pix|pixels?)$/i.test(unit)) return "px";
  const metres = metresNamed(unit);
  const known = (Object.keys(lengthUnits) as (keyof typeof lengthUnits)[]).find((name) => lengthUnits[name] === metres);
  if (known !== undefined) return known;
  throw new PtychonautError("data", "the positions' unit is none that positions can have", {
    where,
    expected: `px, ${Object.keys(lengthUnits).join(", ")}`,
    got: unit,
    fix: `say which it is, ${optionAdvice("positionUnit")}, or correct the attribute units in the file`,
  });
}

/** One array of pairs, or two: x, then y, by their names, else unless the order is said to be yx. */
function positionsOf(arrays: readonly PlacedArray[], options: ScanOptions): PositionsPart {
  if (arrays.length === 1) return pairsPart(arrays[0], options, arrays[0].where);
  if (arrays.length > 2) single(arrays, "positions");
  if (arrays[0].key === "x" && arrays[1].key === "y") return columnsPart(arrays[0], arrays[1], arrays[0].where);
  const [x, y] = options.positionOrder === "yx" ? [arrays[1], arrays[0]] : arrays;
  return { ...columnsPart(x, y, x.where), byOrder: true };
}
