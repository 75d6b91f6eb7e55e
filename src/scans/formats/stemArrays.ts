import type { ArrayFile } from "../../formats/arrayFile.ts";
import { hasRank, namesArrays } from "../arrayParts.ts";
import type { ScanParts } from "../parts.ts";
import type { ProbeOptions } from "../prepare/probeOptions.ts";
import type { Recognition, ScanFormat } from "../scanFormat.ts";
import { geometryIn } from "../scanGeometry.ts";
import { lengthUnits, type ScanOptions } from "../scanOptions.ts";
import { numberAt, positiveAt, type Reading, readingOf } from "./quantities.ts";

/**
 * 4D-STEM in plain arrays with their units in their names: counts (scan x, scan y, y, x) with the zero frequency at index
 * floor(n/2), `scan_step_A`, `scan_angle_deg` by which the scan's axes are then turned from +x towards +y, `voltage_kV`,
 * `object_pixel_A`, and for the probe `semiangle_mrad` and `defocus_nm`, C1, positive for overfocus.
 */
export const stemArraysFormat: ScanFormat = {
  name: "stem_arrays",
  title: "4D-STEM in arrays whose names have units",
  recognise,
  parts,
};

function recognise(file: ArrayFile, options: ScanOptions): Recognition {
  const [cube, ...others] = cubes(file, options);
  const fits = cube !== undefined && others.length === 0 && file.has("scan_step_A") && !namesArrays(options);
  if (!fits) return { confidence: 0, evidence: "" };
  return { confidence: 0.9, evidence: `${file.container} with ${cube} of four axes and scan_step_A` };
}

const cubes = (file: ArrayFile, { patternsKey }: ScanOptions): string[] =>
  (patternsKey === undefined ? file.keys : [patternsKey]).filter(
    (key) => hasRank(file, key, 4) && !file.header(key).dtype.startsWith("complex"),
  );

function parts(file: ArrayFile, options: ScanOptions, where: string): ScanParts {
  const reading = readingOf(file, where);
  const [key] = cubes(file, options);
  const step = positiveAt(reading, "scan_step_A");
  const angle = numberAt(reading, "scan_angle_deg") ?? 0;
  const optics = opticsIn(reading);
  const usable = key !== undefined && options.patterns === undefined;
  const shape = usable ? file.header(key).shape : [];
  const stepM = step !== undefined ? step * lengthUnits.angstrom : undefined;
  return {
    ...(usable ? { patterns: { file, key } } : {}),
    ...(usable
      ? {
          raster: {
            shape: [shape[0], shape[1]],
            ...(stepM === undefined ? {} : { stepM: [stepM, stepM] as const }),
            // Measured: shadows of neighbours, and what is left of ePIE, tell the exchange (docs/orientation.md).
            exchanged: true,
            rotation: angle,
          },
        }
      : {}),
    geometry: { ...geometryIn(file, where, reading.warnings), radiation: "electrons" },
    optics,
    says: { measurement: "counts", dcAt: "center", frameAxis: "first", positionsAre: "probe" },
    conversions: reading.conversions,
    warnings: reading.warnings,
  };
}

function opticsIn(reading: Reading): ProbeOptions {
  const semiAngleMrad = positiveAt(reading, "semiangle_mrad");
  const defocus = numberAt(reading, "defocus_nm");
  if (semiAngleMrad === undefined) return {};
  // Without a defocus no probe can be built: few scans of ptychography are in focus.
  return {
    semiAngleMrad,
    ...(defocus === undefined ? {} : { probeModel: "aperture", defocusM: Number((defocus * 1e-9).toPrecision(12)) }),
  };
}
