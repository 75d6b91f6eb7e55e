import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import { axesReversed } from "../../formats/columnMajor.ts";
import type { NumericArray } from "../../formats/npy.ts";
import { type ImageTurn, withTurnedImages } from "../../formats/turnedImages.ts";
import type { GeometryStatement } from "../../optics/geometry.ts";
import { objectPixelSize } from "../../optics/units.ts";
import { hasRank, namesArrays } from "../arrayParts.ts";
import { requireKey } from "../namedArrays.ts";
import type { ArrayPart, PatternsPart, PositionsPart, ScanParts } from "../parts.ts";
import type { Recognition, ScanFormat } from "../scanFormat.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { firstKey, numberAt, positiveAt, type Reading, readingOf } from "./quantities.ts";

/**
 * PtyLab's measurements and results (Loetgering et al., Opt. Express 31, 13763 (2023)): `ptychogram` (frame, y, x) counts with
 * the zero frequency at index floor(n/2), `encoder` (frame, 2) as (y, x) in metres of the probe over the object from its
 * middle, `wavelength`, distance `zo` and detector pixel `dxd` in metres, `orientation` by which the patterns are to be
 * turned, and `entrancePupilDiameter`, of which a starting probe is made. Results have `object` and `probe` with six axes,
 * (wavelength, object mode, probe mode, slice, y, x), the object's pixel `dxp` and `encoder_corrected`.
 */
export const ptylabFormat: ScanFormat = {
  name: "ptylab",
  title: "PtyLab's ptychogram and encoder, or its results",
  recognise,
  parts,
};

function recognise(file: ArrayFile, options: ScanOptions): Recognition {
  if (namesArrays(options)) return { confidence: 0, evidence: "" };
  if (hasRank(file, "ptychogram", 3) && file.has("encoder"))
    return { confidence: 0.9, evidence: `${file.container} with ptychogram and encoder` };
  if (hasRank(file, "object", 6) && hasRank(file, "probe", 6))
    return { confidence: 0.9, evidence: `${file.container} with object and probe of six axes, as PtyLab writes them` };
  return { confidence: 0, evidence: "" };
}

function parts(file: ArrayFile, options: ScanOptions, where: string): ScanParts {
  const reading = readingOf(file, where);
  refuseFourierPtychography(file, where);
  const geometry = geometryOf(reading);
  const positionsKey = firstKey(file, [options.positionsKey ?? "encoder_corrected", "encoder"]);
  const patterns = patternsOf(reading, options);
  const object = imagesPart(reading, options.objectKey ?? "object", 1);
  const probe = imagesPart(reading, options.probeKey ?? "probe", 2) ?? startingProbe(reading, patterns, geometry);
  if (file.has("theta"))
    reading.warnings.push("theta, the tilt of a reflecting sample, is left out: patterns are taken as they are");
  return {
    ...(patterns === undefined ? {} : { patterns }),
    ...(positionsKey === undefined ? {} : { positions: encoderOf(file, positionsKey, options, where) }),
    ...(probe === undefined ? {} : { probe }),
    ...(object === undefined ? {} : { object }),
    geometry,
    says: {
      ...{ measurement: "counts", dcAt: "center", frameAxis: "first", positionUnit: "m" },
      ...{ positionOrigin: "centered", positionReference: "center", positionsAre: "probe" },
    },
    conventions: { orientation: String(numberAt(reading, "orientation") ?? 0) },
    conversions: reading.conversions,
    warnings: reading.warnings,
  };
}

function refuseFourierPtychography(file: ArrayFile, where: string): void {
  const sign = ["zled", "NA", "magnification"].find((key) => file.has(key));
  if (sign === undefined || file.has("zo")) return;
  throw new PtychonautError("data", "this is a scan of Fourier ptychography, which is not read", {
    where,
    expected: "a sample that moves through a beam, with its distance zo to the detector",
    got: `${sign}`,
  });
}

function geometryOf(reading: Reading): GeometryStatement {
  const [wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM] = ["wavelength", "zo", "dxd", "dxp"].map((key) =>
    positiveAt(reading, key),
  );
  const known = { wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

/** By PtyLab's numbers, which are ptypy's: bit 0 reverses columns, bit 1 rows, bit 2 exchanges them before. */
function turnOf(orientation: number, where: string): ImageTurn {
  if (!Number.isInteger(orientation) || orientation < 0 || orientation > 7)
    throw new PtychonautError("data", "unknown orientation", {
      where: `${where}: orientation`,
      expected: "0 to 7",
      got: `${orientation}`,
    });
  return {
    transposed: (orientation & 4) !== 0,
    rowsReversed: (orientation & 2) !== 0,
    columnsReversed: (orientation & 1) !== 0,
  };
}

function patternsOf(reading: Reading, options: ScanOptions): PatternsPart | undefined {
  const { file, where, conversions, warnings } = reading;
  if (options.patterns !== undefined) return undefined;
  const key = options.patternsKey ?? "ptychogram";
  if (options.patternsKey === undefined && !file.has(key)) return undefined;
  requireKey(file, key, "patterns", "patternsKey", where);
  const orientation = numberAt(reading, "orientation") ?? 0;
  if (orientation === 0) return { file, key };
  const turn = turnOf(orientation, where);
  const done = [
    ...(turn.transposed ? ["y and x exchanged"] : []),
    ...(turn.rowsReversed ? ["rows reversed"] : []),
    ...(turn.columnsReversed ? ["columns reversed"] : []),
  ].join(", then ");
  conversions.push(`patterns turned as orientation ${orientation} asks: ${done}`);
  if (turn.rowsReversed || turn.columnsReversed)
    warnings.push(
      `orientation ${orientation} is taken as ptypy defines it (${done}); PtyLab's own reader reverses rows where columns ` +
        "are meant, and frames where rows are",
    );
  return { file: withTurnedImages(file, key, turn), key };
}

/** Pairs one a frame; those that lie along the second axis are turned, as PtyLab does. */
function encoderOf(file: ArrayFile, key: string, options: ScanOptions, where: string): PositionsPart {
  const { shape } = file.header(key);
  const lying = shape.length === 2 && shape[0] === 2 && shape[1] > 2;
  const swapped = options.positionOrder === "xy";
  return {
    keys: [key],
    count: Math.floor(sizeOf(shape) / 2),
    byOrder: true,
    read() {
      const array = file.readNumbers(key);
      const { shape: own, data, dtype } = lying ? axesReversed(array) : array;
      if (own.length !== 2 || own[1] !== 2 || dtype.startsWith("complex"))
        throw new PtychonautError("data", "positions are not pairs", {
          where: `${where}: ${key}`,
          expected: "real numbers (frame, 2)",
          got: `${dtype} (${shape.join(", ")})`,
        });
      return Float64Array.from(data, (_, i) => data[swapped ? i ^ 1 : i]);
    },
    conversions: lying ? [`positions from ${key}, whose axes are (2, frame)`] : [],
  };
}

/**
 * The images that are used of six axes: an object's first, or all modes of a probe.
 * @param axis that may have several entries; those of the others are refused one by one
 */
function imagesPart({ file, warnings }: Reading, key: string, axis: 1 | 2): ArrayPart | undefined {
  if (!hasRank(file, key, 6)) return undefined;
  const { shape } = file.header(key);
  const names = ["wavelengths", "object modes", "probe modes", "slices"];
  const several = names.flatMap((name, k) => (shape[k] > 1 && (k !== 2 || axis === 1) ? [`${shape[k]} ${name}`] : []));
  if (several.length > 0) {
    warnings.push(`${key} has ${several.join(" and ")}, of which none alone explains the patterns: it is left out`);
    return undefined;
  }
  const kept = shape.slice(axis === 1 ? -2 : -4).filter((_, k, all) => all.length === 2 || k !== 1);
  return { key, shape: kept, read: () => ({ ...file.readNumbers(key), shape: kept }) };
}

/** A disc of the entrance pupil's diameter with flat phase: what PtyLab starts from. */
function startingProbe(
  reading: Reading,
  patterns: PatternsPart | undefined,
  { wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM }: GeometryStatement,
): ArrayPart | undefined {
  const key = "entrancePupilDiameter";
  const diameter = numberAt(reading, key);
  if (diameter === undefined || diameter <= 0 || patterns === undefined) return undefined;
  const [height, width] = patterns.file.header(patterns.key).shape.slice(-2);
  const known = wavelengthM !== undefined && detectorDistanceM !== undefined && detectorPixelM !== undefined;
  const pixel =
    objectPixelM ??
    (known
      ? objectPixelSize({
          ...{ wavelength: wavelengthM, distance: detectorDistanceM },
          ...{ detectorPixel: detectorPixelM, pixels: width },
        })
      : undefined);
  if (pixel === undefined) return undefined;
  const pixels = diameter / pixel;
  reading.conversions.push(
    `starting probe: a disc of ${key}, ${Number(diameter.toPrecision(4))} m or ${Number(pixels.toPrecision(4))} pixels, ` +
      "with flat phase",
  );
  return { key, shape: [height, width], read: () => disc([height, width], pixels) };
}

/** Edges are a pixel wide. */
function disc([height, width]: readonly [number, number], diameter: number): NumericArray {
  const data = new Float32Array(2 * height * width);
  for (let i = 0; i < height * width; i++) {
    const [y, x] = [Math.floor(i / width) - Math.floor(height / 2), (i % width) - Math.floor(width / 2)];
    data[2 * i] = Math.min(1, Math.max(0, diameter / 2 - Math.hypot(y, x) + 0.5));
  }
  return { shape: [height, width], dtype: "complex64", data };
}
