import { sizeOf } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { NpyArray } from "../formats/npy.ts";
import {
  type Geometry,
  type GeometryStatement,
  geometryQuantities,
  mergeGeometry,
  type Propagation,
  type Radiation,
  resolveGeometry,
} from "../optics/geometry.ts";
import { ignored } from "./formats/quantities.ts";

/** Under which names files keep these numbers, and how many of their unit make one of ours. The first name is ours. */
const fileNames: Readonly<
  Record<(typeof geometryQuantities)[number], readonly (readonly [name: string, perUnit: number])[]>
> = {
  energyKev: [["energy_kev", 1]],
  voltageKv: [
    ["voltage_kv", 1],
    ["voltage_kV", 1],
  ],
  wavelengthM: [["wavelength_m", 1]],
  detectorDistanceM: [["detector_distance_m", 1]],
  detectorPixelM: [["detector_pixel_m", 1]],
  objectPixelM: [
    ["object_pixel_m", 1],
    ["object_pixel_A", 1e10],
  ],
  focusDistanceM: [["focus_distance_m", 1]],
};

/**
 * The geometry of an object's file, by these names, and what options add.
 * @param warnings of values that are no use
 * @throws PtychonautError "data" when they contradict each other or name what is not known
 */
export function readGeometry(
  file: ArrayFile,
  stated: GeometryStatement,
  side: number | undefined,
  where: string,
  warnings: string[],
): Geometry {
  return resolveGeometry(mergeGeometry(geometryIn(file, where, warnings), stated, where), side, where);
}

/** What a file says by these names. @throws PtychonautError "data" for what is not known */
export function geometryIn(file: ArrayFile, where: string, warnings: string[]): GeometryStatement {
  const found: { -readonly [K in keyof GeometryStatement]: GeometryStatement[K] } = {};
  for (const quantity of geometryQuantities) {
    for (const [name, perUnit] of fileNames[quantity]) {
      const value = positiveNumber(valueNamed(file, name, where), name, where, warnings);
      if (value !== undefined) found[quantity] = value / perUnit;
    }
  }
  const propagation = word(file, "propagation", propagations, where);
  const radiation = word(file, "radiation", radiations, where);
  return {
    ...found,
    ...(propagation === undefined ? {} : { propagation }),
    ...(radiation === undefined ? {} : { radiation }),
  };
}

/** A small array of this name, or the file's attribute. */
function valueNamed(file: ArrayFile, name: string, where: string): NpyArray | undefined {
  if (!file.has(name)) return file.attributes()[name];
  const { shape } = file.header(name);
  if (sizeOf(shape) <= 2) return file.read(name);
  throw new PtychonautError("data", `${name} is no single value`, {
    where: `${where}: ${name}`,
    expected: "one value, or the same along y and x",
    got: `(${shape.join(", ")})`,
  });
}

/** One number, or the same along y and x. */
function positiveNumber(
  array: NpyArray | undefined,
  name: string,
  where: string,
  warnings: string[],
): number | undefined {
  if (array === undefined) return undefined;
  const [first, ...others] = /^(u?int|float)/.test(array.dtype) ? array.data : [];
  if (typeof first === "number" && first > 0 && Number.isFinite(first)) {
    if (others.every((other) => other === first)) return first;
    throw new PtychonautError("data", `${name} differs along y and x`, {
      where: `${where}: ${name}`,
      expected: "one number: object pixels are square",
      got: [first, ...others].join(", "),
    });
  }
  warnings.push(ignored(name, array.dtype.startsWith("complex") ? "complex" : (first ?? "nothing")));
  return undefined;
}

const propagations: Readonly<Record<string, Propagation>> = {
  "far-field": "far-field",
  farfield: "far-field",
  far: "far-field",
  "near-field": "near-field",
  nearfield: "near-field",
  near: "near-field",
};

const radiations: Readonly<Record<string, Radiation>> = { photons: "photons", electrons: "electrons" };

function word<T extends string>(
  file: ArrayFile,
  name: string,
  words: Readonly<Record<string, T>>,
  where: string,
): T | undefined {
  const array = valueNamed(file, name, where);
  if (array === undefined) return undefined;
  const text = array.dtype === "string" ? array.data[0] : undefined;
  if (text !== undefined && Object.hasOwn(words, text.toLowerCase())) return words[text.toLowerCase()];
  throw new PtychonautError("data", `unknown ${name}`, {
    where: `${where}: ${name}`,
    expected: `one of ${Object.keys(words).join(", ")}`,
    got: text ?? array.dtype,
  });
}

/** What a file says to have this geometry again: nothing where nothing is known. */
export function geometryArrays(geometry: Geometry | undefined): Record<string, NpyArray> {
  if (geometry === undefined) return {};
  const { propagation, radiation, wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM } = geometry;
  const numbers = { wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM };
  const arrays: Record<string, NpyArray> = {};
  for (const [name, value] of Object.entries(numbers) as [keyof typeof numbers, number | undefined][])
    if (value !== undefined) arrays[fileNames[name][0][0]] = scalar(value);
  if (radiation !== undefined) arrays["radiation"] = textOf(radiation);
  if (Object.keys(arrays).length > 0 || propagation !== "far-field") arrays["propagation"] = textOf(propagation);
  return arrays;
}

const scalar = (value: number): NpyArray => ({ shape: [], dtype: "float64", data: Float64Array.of(value) });
const textOf = (value: string): NpyArray => ({ shape: [], dtype: "string", data: [value] });
