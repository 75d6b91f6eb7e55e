import { sizeOf } from "../../arrays.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import { asColumnMajor } from "../../formats/columnMajor.ts";
import type { GeometryStatement } from "../../optics/geometry.ts";
import { hasRank, namesArrays } from "../arrayParts.ts";
import type { ScanParts } from "../parts.ts";
import type { Recognition, ScanFormat } from "../scanFormat.ts";
import { lengthUnits, type ScanOptions } from "../scanOptions.ts";
import { columnsPart } from "../scanPositions.ts";
import { metresLong } from "./foldSliceUnits.ts";
import { positiveAt, type Reading, readingOf } from "./quantities.ts";

/**
 * What fold_slice and PtychoShelves reconstruct from: `dp`, MATLAB's (y, x, frame), counts with the zero frequency in the
 * middle, which others see as (frame, x, y); `ppX` and `ppY`, columns and rows of the probe over the object in metres, for
 * electrons in ångström. PtychoShelves turns both signs when it loads them and both again when it makes pixels of them, so
 * that they tell the probe's way. Beside them `lambda` and `dx`, wavelength and object pixel.
 */
export const foldSliceFormat: ScanFormat = {
  name: "fold_slice",
  title: "dp with ppX and ppY of fold_slice and PtychoShelves",
  recognise,
  parts,
};

function recognise(file: ArrayFile, options: ScanOptions): Recognition {
  if (namesArrays(options) || !file.has("ppX") || !file.has("ppY")) return { confidence: 0, evidence: "" };
  const whole = hasRank(file, options.patternsKey ?? "dp", 3, 4);
  const evidence = `${file.container} with ${whole ? "dp, " : ""}ppX and ppY`;
  return { confidence: whole ? 0.9 : 0.6, evidence };
}

function parts(stored: ArrayFile, options: ScanOptions, where: string): ScanParts {
  const reading = readingOf(stored, where);
  const { conversions, warnings } = reading;
  const { patternsKey: key = "dp" } = options;
  const file = stored.container === "HDF5" ? asColumnMajor(stored, (name) => name === key) : stored;
  const patterns = options.patterns === undefined && file.has(key);
  const angstrom = isAngstrom(reading, options);
  if (patterns) {
    const { shape } = file.header(key);
    conversions.push(`patterns as MATLAB has them, (${shape.join(", ")}): y and x of each frame exchanged`);
  }
  return {
    ...(patterns ? { patterns: { file, key } } : {}),
    positions: {
      ...columnsPart({ file, key: "ppX" }, { file, key: "ppY" }, where),
      conversions: ["positions of the probe from ppX (columns) and ppY (rows)"],
    },
    geometry: geometryOf(reading, angstrom),
    says: {
      ...{ measurement: "counts", dcAt: "center", positionsAre: "probe", positionOrigin: "centered" },
      positionUnit: angstrom ? "angstrom" : "m",
      ...(patterns ? { frameAxis: file.header(key).shape.length === 3 ? "last" : "first" } : {}),
    },
    conversions,
    warnings,
  };
}

/** Whether positions are those of electrons, which nothing in the file says: as metres they would be a long way. */
function isAngstrom({ file, conversions }: Reading, options: ScanOptions): boolean {
  if (options.positionUnit !== undefined) return options.positionUnit === "angstrom";
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const key of ["ppX", "ppY"]) {
    if (sizeOf(file.header(key).shape) > MOST_POSITIONS || !hasRank(file, key, 0, 1, 2, 3)) return false;
    for (const value of file.readNumbers(key).data) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  if (!(most - least > metresLong)) return false;
  conversions.push(
    `positions span ${Number((most - least).toPrecision(3))}: ångström, as fold_slice has for electrons`,
  );
  return true;
}

const MOST_POSITIONS = 2 ** 24;

function geometryOf(reading: Reading, angstrom: boolean): GeometryStatement {
  const unit = angstrom ? lengthUnits.angstrom : 1;
  const [wavelength, pixel] = [positiveAt(reading, "lambda"), positiveAt(reading, "dx")];
  return {
    ...(wavelength === undefined ? {} : { wavelengthM: wavelength * unit }),
    ...(pixel === undefined ? {} : { objectPixelM: pixel * unit }),
    ...(angstrom ? { radiation: "electrons" as const } : {}),
  };
}
