import { setting } from "../../errors.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { GeometryStatement } from "../../optics/geometry.ts";
import { electronWavelength } from "../../optics/units.ts";
import { hasRank, namesArrays } from "../arrayParts.ts";
import type { RasterPart, ScanParts } from "../parts.ts";
import type { Recognition, ScanFormat } from "../scanFormat.ts";
import { optionAdvice, type ScanOptions } from "../scanOptions.ts";
import { metresInUnit, reciprocalUnit } from "./emdUnits.ts";
import { type EmdValues, emdValues } from "./emdValues.ts";
import { type Reading, readingOf } from "./quantities.ts";

/**
 * EMD files of 4D-STEM, as py4DSTEM up to 0.12, 0.13 and emdfile write them: an array (scan row, scan column, y, x) of counts
 * with the zero frequency near the middle, vectors `dim1 … dim4` or `dim0 … dim3` beside it, and calibrations of both spaces
 * with units in the metadata. A step of 1/length on the detector makes an object pixel of 1 / (N dk), one of angles
 * λ / (N dθ). Positions are brought to the detector's axes by QR_rotation, counterclockwise of the scan against the detector
 * with x down, and then by QR_flip, which exchanges the axes.
 */
export const emdFormat: ScanFormat = {
  name: "emd",
  title: "EMD: 4D-STEM of py4DSTEM and emdfile",
  recognise,
  parts,
};

function recognise(file: ArrayFile, options: ScanOptions): Recognition {
  const no = { confidence: 0, evidence: "" };
  if (file.container !== "HDF5" || namesArrays(options)) return no;
  const [key, ...others] = dataCubes(file, options);
  if (key === undefined) return no;
  const marked = ancestors(key).some((group) => "emd_group_type" in file.attributes(group));
  const found = others.length === 0 ? `the array ${key} of four axes` : `${others.length + 1} arrays of four axes`;
  if (marked) return { confidence: 0.9, evidence: `${found} in a group of EMD` };
  return hasDims(file, key) ? { confidence: 0.7, evidence: `${found} with vectors of its axes` } : no;
}

/** Arrays of real numbers with four axes: the one that is stated, else the one that is called so, else all. */
function dataCubes(file: ArrayFile, { patternsKey }: ScanOptions): string[] {
  const found = (patternsKey === undefined ? file.keys : [patternsKey]).filter(
    (key) => hasRank(file, key, 4) && !file.header(key).dtype.startsWith("complex"),
  );
  const named = found.filter((key) => /datacube/i.test(key));
  return named.length === 1 ? named : found;
}

/** The groups that a path leads through, from the inside; the file as a whole last. */
const ancestors = (key: string): string[] => {
  const names = key.split("/");
  return names.map((_, depth) => names.slice(0, names.length - 1 - depth).join("/"));
};

const hasDims = (file: ArrayFile, key: string): boolean => file.has(key.replace(/[^/]*$/, "dim1"));

function parts(file: ArrayFile, options: ScanOptions, where: string): ScanParts {
  const reading = readingOf(file, where);
  const cubes = dataCubes(file, options);
  const [key] = cubes;
  if (cubes.length > 1)
    reading.warnings.push(
      `${cubes.length} arrays have four axes (${cubes.join(", ")}): the first is read; ` +
        `${optionAdvice("patternsKey")} names another`,
    );
  const usable = key !== undefined && options.patterns === undefined;
  const values = emdValues(reading, key ?? "", ancestors(key ?? ""));
  const geometry = geometryOf(reading, values, key, options);
  const raster = usable ? rasterOf(reading, values, key) : undefined;
  return {
    ...(usable ? { patterns: { file, key } } : {}),
    ...(raster === undefined ? {} : { raster }),
    geometry,
    // Without a defocus no probe can be built: few scans of ptychography are in focus.
    ...(values.semiAngleMrad === undefined ? {} : { optics: { semiAngleMrad: values.semiAngleMrad } }),
    says: { measurement: "counts", dcAt: "center", frameAxis: "first", positionsAre: "probe" },
    conversions: reading.conversions,
    warnings: reading.warnings,
  };
}

/** The raster, with its step where the file counts in a unit of length. */
function rasterOf({ file, warnings }: Reading, values: EmdValues, key: string): RasterPart {
  const { scanStep, rotation = 0, flipped } = values;
  const [rows, columns] = file.header(key).shape;
  // Rotated, then exchanged is exchanged, then rotated the other way; −0 would be shown.
  const turn = flipped ? { exchanged: true, rotation: rotation === 0 ? 0 : -rotation } : { rotation };
  const raster: RasterPart = { shape: [rows, columns], ...turn };
  const unit = scanStep && metresInUnit(scanStep.unit);
  if (scanStep !== undefined && unit !== undefined)
    return { ...raster, stepM: [scanStep.values[0] * unit, scanStep.values[1] * unit] };
  const said = scanStep === undefined ? "no step of the scan" : `the scan's step in ${scanStep.unit}`;
  warnings.push(`the file has ${said}: ${optionAdvice("scanStep")} says it`);
  return raster;
}

function geometryOf(
  reading: Reading,
  values: EmdValues,
  key: string | undefined,
  { geometry: stated = {} }: ScanOptions,
): GeometryStatement {
  const { conversions, warnings, file } = reading;
  const { voltageKv, detectorStep } = values;
  const electrons = { radiation: "electrons" as const, ...(voltageKv === undefined ? {} : { voltageKv }) };
  if (detectorStep === undefined || key === undefined || !file.has(key)) return electrons;
  const unit = reciprocalUnit(detectorStep.unit);
  const [dy, dx] = detectorStep.values;
  const [height, width] = file.header(key).shape.slice(-2);
  if (unit === undefined || Math.abs(dy - dx) > 1e-3 * Math.abs(dy) || height !== width) {
    const reason = unit === undefined ? `in ${detectorStep.unit}` : `${dy} along y and ${dx} along x`;
    warnings.push(
      `the detector's step is ${reason}, of which no object pixel follows: ${setting("object_pixel_m")} says it`,
    );
    return electrons;
  }
  const said = `${Number(dy.toPrecision(6))} ${detectorStep.unit}`;
  if (unit.kind === "perMetre") {
    const objectPixelM = 1 / (width * dy * unit.factor);
    conversions.push(`object pixel from the detector's step, ${said}: 1 / (N dk) = ${shown(objectPixelM)} m`);
    return { ...electrons, objectPixelM };
  }
  const kilovolts = voltageKv ?? stated.voltageKv;
  const wavelength = stated.wavelengthM ?? (kilovolts === undefined ? undefined : electronWavelength(kilovolts));
  if (wavelength === undefined) {
    warnings.push(
      `the detector's step is ${said}, of which an object pixel follows once the voltage is known: ${setting("voltage_kv")} says it`,
    );
    return electrons;
  }
  const objectPixelM = wavelength / (width * dy * unit.factor);
  conversions.push(`object pixel from the detector's step, ${said}: λ / (N dθ) = ${shown(objectPixelM)} m`);
  return { ...electrons, objectPixelM };
}

const shown = (value: number): string => String(Number(value.toPrecision(6)));
