import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import { asColumnMajor } from "../../formats/columnMajor.ts";
import type { NumericArray, NumericData } from "../../formats/npy.ts";
import type { GeometryStatement } from "../../optics/geometry.ts";
import { hasRank, namesArrays } from "../arrayParts.ts";
import type { ArrayPart, PositionsPart, ScanParts } from "../parts.ts";
import type { Recognition, ScanFormat } from "../scanFormat.ts";
import { lengthUnits, type ScanOptions } from "../scanOptions.ts";
import { isCell, matlabText, metresLong } from "./foldSliceUnits.ts";
import { positiveAt, type Reading, readingOf } from "./quantities.ts";

/**
 * What fold_slice and PtychoShelves save, in MATLAB's files of version 7.3 (HDF5, whose axes are then reversed) or 5: `object`
 * (y, x[, layer]), `probe` (y, x, mode[, varying]), `outputs.probe_positions` (frame, 2) as (x, y) in object pixels from the
 * object's middle, and in `p` wavelength `lambda`, object pixel `dx_spec`, distance `z` and detector pixel `ds`.
 */
export const foldSliceResultFormat: ScanFormat = {
  name: "fold_slice_result",
  title: "reconstructions of fold_slice and PtychoShelves",
  recognise,
  parts,
};

const POSITIONS = "outputs/probe_positions";

function recognise(file: ArrayFile, options: ScanOptions): Recognition {
  if (namesArrays(options)) return { confidence: 0, evidence: "" };
  const image = (key: string): boolean => hasRank(file, key, 2, 3, 4) || isCell(file, key);
  const images = image("object") && image("probe");
  if (!images || !(file.has(POSITIONS) || file.has("p/dx_spec"))) return { confidence: 0, evidence: "" };
  return { confidence: 0.9, evidence: `${file.container} with object, probe, outputs and p` };
}

function parts(stored: ArrayFile, _options: ScanOptions, where: string): ScanParts {
  const file = stored.container === "HDF5" ? asColumnMajor(stored) : stored;
  const reading = readingOf(file, where);
  if (file !== stored) reading.conversions.push("arrays as MATLAB has them, their axes in the other order");
  const object = objectOf(reading);
  const probe = probeOf(reading);
  const positions = positionsOf(reading, object, probe);
  return {
    ...(positions === undefined ? {} : { positions }),
    ...(probe === undefined ? {} : { probe }),
    ...(object === undefined ? {} : { object }),
    geometry: geometryOf(reading),
    says: {
      ...{ measurement: "counts", dcAt: "center", positionUnit: "px", positionsAre: "probe" },
      positionOrigin: object === undefined ? "centered" : "absolute",
    },
    conversions: reading.conversions,
    warnings: reading.warnings,
  };
}

/** Cells are left out, with a word: what they refer to has no name of its own. */
function leftOutCell({ file, warnings }: Reading, key: string): boolean {
  if (!isCell(file, key)) return false;
  warnings.push(`${key} is a cell, which is not read; save what is in it as ${key}: ${key} = ${key}{1};`);
  return true;
}

function objectOf(reading: Reading): ArrayPart | undefined {
  const key = "object";
  if (leftOutCell(reading, key)) return undefined;
  const { file, warnings } = reading;
  const { shape } = file.header(key);
  const layers = sizeOf(shape.slice(2));
  const image = shape.slice(0, 2);
  if (layers === 1) return { key, shape: image, read: () => ({ ...file.readNumbers(key), shape: image }) };
  warnings.push(`${key} has ${layers} layers, of which none alone explains the patterns: it is left out`);
  return undefined;
}

/** (y, x, mode, …) as (mode, y, x); of probes that vary, the first along the last axis. */
function probeOf(reading: Reading): ArrayPart | undefined {
  const key = "probe";
  if (leftOutCell(reading, key)) return undefined;
  const { file, warnings } = reading;
  const { shape } = file.header(key);
  const [height, width, modes = 1, varying = 1] = shape;
  if (varying > 1)
    warnings.push(`the probe varies from frame to frame (${varying} parts); the first is taken for all frames`);
  return {
    key,
    shape: [modes, height, width],
    read() {
      const { data, dtype } = file.readNumbers(key);
      const parts = dtype.startsWith("complex") ? 2 : 1;
      const out = new (data.constructor as new (length: number) => NumericData)(parts * modes * height * width);
      for (let pixel = 0; pixel < height * width; pixel++)
        for (let mode = 0; mode < modes; mode++) {
          const from = parts * (pixel * modes + mode) * varying;
          out.set(data.subarray(from, from + parts), parts * (mode * height * width + pixel));
        }
      return { shape: [modes, height, width], dtype, data: out };
    },
  };
}

/**
 * Windows' centres: the first pixel of a patch lies at round(position) + ⌈(O − P) / 2⌉ − 1 in an object of O pixels,
 * P being the probe's.
 */
function positionsOf(
  { file, where }: Reading,
  object: ArrayPart | undefined,
  probe: ArrayPart | undefined,
): PositionsPart | undefined {
  if (!file.has(POSITIONS)) return undefined;
  const { shape } = file.header(POSITIONS);
  const middle = [0, 1].map((axis) => {
    const own = probe?.shape?.[axis + 1] ?? 0;
    const whole = object?.shape?.[axis];
    return whole === undefined || own === 0 ? 0 : Math.ceil((whole - own) / 2) - 1 + Math.floor(own / 2);
  });
  return {
    keys: [POSITIONS],
    count: shape[0] ?? 0,
    read() {
      const { data, dtype }: NumericArray = file.readNumbers(POSITIONS);
      if (shape.length !== 2 || shape[1] !== 2 || dtype.startsWith("complex"))
        throw new PtychonautError("data", "positions are not pairs", {
          where: `${where}: ${POSITIONS}`,
          expected: "real numbers (frame, 2)",
          got: `${dtype} (${shape.join(", ")})`,
        });
      return Float64Array.from(data, (_, i) => data[i ^ 1] + middle[i % 2]);
    },
    conversions: [
      `positions from ${POSITIONS}, columns (x, y), counted from the object's middle: + (${middle.join(", ")})`,
    ],
  };
}

function geometryOf(reading: Reading): GeometryStatement {
  const [wavelength, pixel, distance, detector] = ["p/lambda", "p/dx_spec", "p/z", "p/ds"].map((key) =>
    positiveAt(reading, key),
  );
  const source = matlabText(reading.file, "p/beam_source")?.trim().toLowerCase();
  const angstrom = source === "electron" || (pixel ?? 0) > metresLong;
  const unit = angstrom ? lengthUnits.angstrom : 1;
  if (angstrom) reading.conversions.push("lengths in p taken as ångström, as fold_slice has them for electrons");
  return {
    ...(wavelength === undefined ? {} : { wavelengthM: wavelength * unit }),
    ...(pixel === undefined ? {} : { objectPixelM: pixel * unit }),
    // For electrons these are chosen so that the pixel comes out, and are no lengths.
    ...(distance === undefined || angstrom ? {} : { detectorDistanceM: distance }),
    ...(detector === undefined || angstrom ? {} : { detectorPixelM: detector }),
    ...(angstrom ? { radiation: "electrons" as const } : {}),
  };
}
