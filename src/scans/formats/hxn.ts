import type { GeometryStatement } from "../../optics/geometry.ts";
import type { ScanParts } from "../parts.ts";
import type { ScanFormat } from "../scanFormat.ts";
import { optionAdvice } from "../scanOptions.ts";
import { hasTwoRows, rowsOfXy } from "./columns.ts";
import { firstStack, lengthAt, numberIn, photonEnergyAt, type Reading, readingOf } from "./quantities.ts";

const RAW_FRAMES = ["entry/data/data", "diff_data/merlin1/det_images", "diff_data/eiger1/det_images"];

/**
 * Prepared scans of NSLS-II's HXN: amplitudes `diffamp` (frame, y, x), `points` (2, frame) in micrometres, x first,
 * `ccd_pixel_um`, `lambda_nm`, `z_m`.
 */
export const hxnFormat: ScanFormat = {
  name: "hxn",
  title: "NSLS-II HXN, prepared",
  recognise: (file) =>
    firstStack(file, ["diffamp"]) !== undefined && hasTwoRows(file, "points")
      ? { confidence: 1, evidence: "diffamp, points" }
      : { confidence: 0, evidence: "no diffamp and points" },
  parts(file, _, where): ScanParts {
    const reading = readingOf(file, where);
    const { conversions, warnings } = reading;
    const angle = numberIn(reading, "angle") ?? 0;
    if (Math.abs(angle) > 1)
      warnings.push(`the sample was turned by ${angle}°; x is taken as it is in the file, and not foreshortened`);
    signLeftOpen(reading);
    return {
      patterns: { file, key: "diffamp" },
      positions: rowsOfXy(file, "points"),
      geometry: preparedGeometry(reading),
      says: { measurement: "amplitude", dcAt: "center", frameAxis: "first", ...MICROMETRES },
      conversions,
      warnings,
    };
  },
};

/** Raw scans of HXN: counts, `scan/scan_positions` (2, frame) in micrometres, x first, `scan/energy` in keV. */
export const hxnRawFormat: ScanFormat = {
  name: "hxn_raw",
  title: "NSLS-II HXN, raw",
  recognise: (file) =>
    hasTwoRows(file, "scan/scan_positions") && firstStack(file, RAW_FRAMES) !== undefined
      ? { confidence: 1, evidence: "scan/scan_positions" }
      : { confidence: 0, evidence: "no scan/scan_positions" },
  parts(file, _, where): ScanParts {
    const reading = readingOf(file, where);
    const patterns = firstStack(file, RAW_FRAMES);
    const energyKev = photonEnergyAt(reading, ["scan/energy"], "keV");
    signLeftOpen(reading);
    return {
      ...(patterns === undefined ? {} : { patterns: { file, key: patterns } }),
      ...(hasTwoRows(file, "scan/scan_positions") ? { positions: rowsOfXy(file, "scan/scan_positions") } : {}),
      geometry: energyKev === undefined ? {} : { energyKev, radiation: "photons" },
      says: { measurement: "counts", dcAt: "center", frameAxis: "first", ...MICROMETRES },
      conversions: reading.conversions,
      warnings: reading.warnings,
    };
  },
};

const MICROMETRES = { positionUnit: "um", positionOrigin: "centered" } as const;

export function signLeftOpen({ warnings }: Reading): void {
  warnings.push(
    `the file does not say whether the probe or the sample moved: the probe is taken; ${optionAdvice("positionsAre", "sample")}`,
  );
}

function preparedGeometry(reading: Reading): GeometryStatement {
  const pixel = lengthAt(reading, ["ccd_pixel_um"], "um");
  const wavelengthM = lengthAt(reading, ["lambda_nm"], "nm");
  const distance = lengthAt(reading, ["z_m"], "m");
  return {
    ...(wavelengthM === undefined ? {} : { wavelengthM, radiation: "photons" }),
    ...(distance === undefined ? {} : { detectorDistanceM: distance }),
    ...(pixel === undefined ? {} : { detectorPixelM: pixel }),
  };
}
