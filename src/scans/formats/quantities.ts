import { sizeOf } from "../../arrays.ts";
import { PtychonautError, setting } from "../../errors.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { NpyArray } from "../../formats/npy.ts";

/** Numbers with a unit that files keep beside a scan. */

/** Metres in a unit of length, by the names that files have for it, in small letters. */
const lengths: Readonly<Record<string, number>> = {
  ...{ m: 1, meter: 1, meters: 1, metre: 1, metres: 1, cm: 1e-2, mm: 1e-3, millimeter: 1e-3, millimeters: 1e-3 },
  ...{ centimeter: 1e-2, centimeters: 1e-2, centimetre: 1e-2, centimetres: 1e-2, millimetre: 1e-3, millimetres: 1e-3 },
  ...{ micrometre: 1e-6, micrometres: 1e-6, nanometre: 1e-9, nanometres: 1e-9, picometer: 1e-12, picometre: 1e-12 },
  ...{ um: 1e-6, μm: 1e-6, micron: 1e-6, microns: 1e-6, micrometer: 1e-6, micrometers: 1e-6 },
  ...{ nm: 1e-9, nanometer: 1e-9, nanometers: 1e-9, pm: 1e-12 },
  ...{ a: 1e-10, å: 1e-10, ang: 1e-10, angstrom: 1e-10, angstroms: 1e-10 },
};

/** Kiloelectronvolts in a unit of energy; a joule is 1 / e of them, e in 1e-16 C. */
const energies: Readonly<Record<string, number>> = {
  ...{
    ev: 1e-3,
    kev: 1,
    mev: 1e3,
    gev: 1e6,
    j: 1 / 1.602176634e-16,
    joule: 1 / 1.602176634e-16,
    joules: 1 / 1.602176634e-16,
  },
};

/** Photons that ptychography is done with, keV: visible light to hard X-rays. */
const [LEAST_ENERGY, MOST_ENERGY] = [1e-3, 1e3] as const;

/** What is read of a file on the way to its parts, with a list of what was done and of what looks wrong. */
export interface Reading {
  readonly file: ArrayFile;
  /** Names the file in errors. */
  readonly where: string;
  readonly conversions: string[];
  readonly warnings: string[];
}

export const readingOf = (file: ArrayFile, where: string): Reading => ({ file, where, conversions: [], warnings: [] });

/** The first of these paths that leads to an array. */
export const firstKey = (file: ArrayFile, paths: readonly string[]): string | undefined =>
  paths.find((path) => file.has(path));

/** The first that leads to real numbers of at least so many axes. */
export const firstStack = (file: ArrayFile, paths: readonly string[], axes = 3): string | undefined =>
  paths.find((path) => {
    if (!file.has(path)) return false;
    const { shape, dtype } = file.header(path);
    return shape.length >= axes && /^(bool|u?int|float)/.test(dtype);
  });

/** A text, undefined where there is none. */
export function textAt({ file }: Reading, path: string): string | undefined {
  if (!file.has(path) || file.header(path).dtype !== "string") return undefined;
  if (sizeOf(file.header(path).shape) !== 1) return undefined;
  return textOf(file.read(path));
}

export const textOf = (array: NpyArray | undefined): string | undefined =>
  array?.dtype === "string" ? array.data[0] : undefined;

/** The only number of an array, or the first where all are the same. */
export function numberOf(array: NpyArray | undefined): number | undefined {
  if (array === undefined || array.dtype === "string" || array.dtype.startsWith("complex")) return undefined;
  const [first, ...others] = array.data;
  return first !== undefined && others.every((other) => other === first || Object.is(other, first)) ? first : undefined;
}

const MOST_VALUES = 64;

/** A number, of one element or of few that are the same; undefined where there is none. */
export function numberAt({ file, warnings }: Reading, path: string): number | undefined {
  if (!file.has(path)) return undefined;
  const { shape, dtype } = file.header(path);
  if (sizeOf(shape) > MOST_VALUES || sizeOf(shape) === 0 || !/^(u?int|float)/.test(dtype)) {
    if (sizeOf(shape) === 1 && dtype === "string") warnings.push(`${path} is text, no number, and was ignored`);
    return undefined;
  }
  const value = numberOf(file.read(path));
  if (value !== undefined && Number.isFinite(value)) return value;
  warnings.push(`${path} is no single finite number and was ignored`);
  return undefined;
}

/** A number under this name, of an array or among the file's attributes; undefined where there is none. */
export function numberIn(reading: Reading, name: string): number | undefined {
  if (reading.file.has(name)) return numberAt(reading, name);
  return finite(reading, name, numberOf(reading.file.attributes()[name]));
}

function finite({ warnings }: Pick<Reading, "warnings">, name: string, value: number | undefined): number | undefined {
  if (value === undefined || Number.isFinite(value)) return value;
  warnings.push(ignored(name, value));
  return undefined;
}

/** What is said of a number that no energy, length or angle of an experiment can be. */
export const ignored = (name: string, value: number | string): string =>
  `${name} is ${value}: no finite number above zero, and was ignored`;

/**
 * A number of an experiment's geometry: lengths, energies, voltages and angles are finite and above zero. What is none of these
 * is said, by every format, and stays open.
 * @param value what the file has under the name
 */
export function positive(
  reading: Pick<Reading, "warnings">,
  name: string,
  value: number | undefined,
): number | undefined {
  const known = finite(reading, name, value);
  if (known === undefined || known > 0) return known;
  reading.warnings.push(ignored(name, known));
  return undefined;
}

/** The same of the array of this name. */
export const positiveAt = (reading: Reading, name: string): number | undefined =>
  positive(reading, name, numberAt(reading, name));

/** The same of a format in which zero stands for what is not known. */
export function positiveOrOpen(reading: Reading, name: string, value: number | undefined): number | undefined {
  if (value !== 0) return positive(reading, name, value);
  reading.conversions.push(`${name} is 0: not known`);
  return undefined;
}

/** A length in metres, from the first path that has one. Of a number that is none is said that it was ignored. */
export function lengthAt(reading: Reading, paths: readonly string[], usual = "m"): number | undefined {
  return firstOf(reading, paths, (path) => {
    const found = quantityAt(reading, path, lengths, usual, "m");
    return found !== undefined && found.value > 0 ? found.value : found && ignored(path, found.said);
  });
}

/** The photons' energy in keV, from the first path that has one that photons of such an experiment can have. */
export function photonEnergyAt(reading: Reading, paths: readonly string[], usual: string): number | undefined {
  return firstOf(reading, paths, (path) => {
    const found = quantityAt(reading, path, energies, usual, "keV");
    if (found === undefined || (found.value >= LEAST_ENERGY && found.value <= MOST_ENERGY)) return found?.value;
    return (
      `${path} is ${found.said}, ${Number(found.value.toPrecision(4))} keV: no energy of photons, and was ignored; ` +
      `say it with ${setting("energy_kev")}`
    );
  });
}

/** The first that is a number; of those before it, or if there is none of all, what is wrong with them is said. */
function firstOf(
  { warnings }: Reading,
  paths: readonly string[],
  look: (path: string) => number | string | undefined,
): number | undefined {
  for (const path of paths) {
    const found = look(path);
    if (typeof found === "number") return found;
    if (found !== undefined) warnings.push(found);
  }
  return undefined;
}

/** Metres in a unit of length. @throws PtychonautError "data" for a unit that is not known */
export function metresIn(unit: string, where: string): number {
  const metres = metresNamed(unit);
  if (metres !== undefined) return metres;
  throw unknownUnit(unit, Object.keys(lengths), where);
}

/** Metres in a unit of length; undefined for what is none that is known. */
export function metresNamed(unit: string): number | undefined {
  const name = unitName(unit);
  return Object.hasOwn(lengths, name) ? lengths[name] : undefined;
}

/** In small letters; micro and ångström have two letters each. */
const unitName = (unit: string): string => unit.trim().normalize("NFKC").toLowerCase();

/** A number in our unit, whatever its sign, and as the file says it; undefined where there is none. */
function quantityAt(
  reading: Reading,
  path: string,
  units: Readonly<Record<string, number>>,
  usual: string,
  into: string,
): { readonly value: number; readonly said: string } | undefined {
  const { file, where, conversions } = reading;
  const number = numberAt(reading, path);
  if (number === undefined) return undefined;
  const stated = textOf(file.attributes(path)["units"])?.trim();
  const unit = stated === undefined || stated === "" ? usual : stated;
  const name = unitName(unit);
  if (!Object.hasOwn(units, name)) throw unknownUnit(unit, Object.keys(units), `${where}: ${path}`);
  const value = number * units[name];
  const said = `${number} ${unit}`;
  if (units[name] !== 1 && value > 0) conversions.push(`${path}: ${said} is ${Number(value.toPrecision(9))} ${into}`);
  return { value, said };
}

function unknownUnit(unit: string, known: readonly string[], where: string): PtychonautError {
  return new PtychonautError("data", "unknown unit", {
    where,
    expected: `one of ${known.join(", ")}`,
    got: unit,
    fix: "correct the attribute units in the file",
  });
}
