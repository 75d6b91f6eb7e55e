import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { GeometryStatement } from "../../optics/geometry.ts";
import { electronWavelength } from "../../optics/units.ts";
import { hasRank } from "../arrayParts.ts";
import type { FormatStatement, RasterPart, ScanParts } from "../parts.ts";
import type { Recognition, ScanFormat } from "../scanFormat.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { numberOf, positive, textOf } from "./quantities.ts";

/** Where each container has its frames, and how sure it is that these are patterns. */
const places: Readonly<
  Record<string, { readonly key: string; readonly confidence: number; readonly counts: boolean }>
> = {
  EMPAD: { key: "frames", confidence: 1, counts: true },
  "Merlin MIB": { key: "frames", confidence: 1, counts: true },
  BLO: { key: "frames", confidence: 1, counts: true },
  "Digital Micrograph": { key: "data", confidence: 0.9, counts: true },
  TIFF: { key: "images", confidence: 0.9, counts: true },
  NPY: { key: "array", confidence: 0.5, counts: false },
};

/**
 * A detector's frames alone: EMPAD, Merlin, Digital Micrograph, BLO, TIFFs, or one NumPy array. Counts (but of NPY, which leaves it
 * open), zero frequency near the centre. Positions are a raster's, row by row from left to right, of the shape and step that
 * the file says or options do. Of electrons, the angle of a detector's pixel and the voltage, or its 1/length, give the object's.
 */
export const detectorFramesFormat: ScanFormat = {
  name: "frames",
  title: "a detector's frames alone: EMPAD, Merlin, Digital Micrograph, BLO, TIFF, NPY",
  recognise,
  parts,
};

function recognise(file: ArrayFile): Recognition {
  const place = places[file.container];
  const fits =
    place !== undefined && hasRank(file, place.key, 3, 4) && !file.header(place.key).dtype.startsWith("complex");
  return fits
    ? { confidence: place.confidence, evidence: `${file.container} holds frames and nothing else` }
    : { confidence: 0, evidence: "" };
}

function parts(file: ArrayFile, options: ScanOptions): ScanParts {
  const { key, counts } = places[file.container] ?? { key: file.keys[0], counts: false };
  const warnings = [...textsOf(file, "warnings")];
  const last = textOf(file.attributes(key)["frame_axis"]) === "last";
  const says: FormatStatement = {
    dcAt: "center",
    ...(counts ? { measurement: "counts" } : {}),
    ...(last ? { frameAxis: "last" } : {}),
  };
  const { shape } = file.header(key);
  const raster = rasterOf(file, shape, last, warnings);
  return {
    ...(options.patterns === undefined ? { patterns: { file, key } } : {}),
    ...(raster === undefined ? {} : { raster }),
    geometry: geometryOf(file, last ? shape.slice(0, 2) : shape.slice(-2), warnings),
    says,
    conventions: { detector: file.container },
    conversions:
      file.container === "EMPAD" ? ["EMPAD's last two rows of each frame, which are no picture, left out"] : [],
    warnings,
  };
}

/** Rows and columns only where they are as many as there are frames: a container says where they are not. */
function rasterOf(
  file: ArrayFile,
  shape: readonly number[],
  last: boolean,
  warnings: string[],
): RasterPart | undefined {
  const own = numbersOf(file, "scan_shape");
  const frames = (last ? shape.slice(2) : shape.slice(0, -2)).reduce((product, extent) => product * extent, 1);
  const stated = own.length === 2 && own[0] * own[1] === frames ? own : undefined;
  const [rows, columns] = stated ?? (shape.length === 4 ? shape : []);
  if (rows === undefined || columns === undefined) return undefined;
  const [y, x] = numbersOf(file, "scan_step_m").map((step) => positive({ warnings }, "scan_step_m", step));
  return { shape: [rows, columns], ...(y === undefined || x === undefined ? {} : { stepM: [y, x] as const }) };
}

/** Two sides of a pixel may differ by as much, of numbers in float32. */
const SQUARE = 1e-4;

/** Of the detector's pixel, as an angle α or in 1/length, k: the object's is λ / (N α), or 1 / (N k). */
function geometryOf(file: ArrayFile, side: readonly number[], warnings: string[]): GeometryStatement {
  const voltageKv = positive({ warnings }, "voltage_kv", numberOf(file.attributes()["voltage_kv"]));
  const known: GeometryStatement = voltageKv === undefined ? {} : { voltageKv };
  const angle = pixelOf(file, "detector_pixel_rad", "rad", warnings);
  const frequency = pixelOf(file, "detector_pixel_per_m", "1/m", warnings);
  if (side[0] !== side[1]) return known;
  if (frequency !== undefined) return { ...known, objectPixelM: 1 / (side[0] * frequency) };
  if (angle === undefined || voltageKv === undefined) return known;
  return { ...known, objectPixelM: electronWavelength(voltageKv) / (side[0] * angle) };
}

function pixelOf(file: ArrayFile, name: string, unit: string, warnings: string[]): number | undefined {
  const [first, second = first] = numbersOf(file, name);
  const known = positive({ warnings }, name, first);
  if (known === undefined || Math.abs(known - second) <= SQUARE * known) return known;
  warnings.push(
    `the detector's pixels are ${first} ${unit} along y and ${second} ${unit} along x: no object pixel follows`,
  );
  return undefined;
}

function numbersOf(file: ArrayFile, name: string): readonly number[] {
  const array = file.attributes()[name];
  return array === undefined || array.dtype === "string" ? [] : Array.from(array.data);
}

function textsOf(file: ArrayFile, name: string): readonly string[] {
  const array = file.attributes()[name];
  return array?.dtype === "string" ? array.data : [];
}
