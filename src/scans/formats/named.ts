import type { ArrayFile } from "../../formats/arrayFile.ts";
import { statedUnit } from "../elsewhere.ts";
import { readFrameIntensities, readScanIndex } from "../frameValues.ts";
import { requireKey } from "../namedArrays.ts";
import type { ArrayPart, ScanParts } from "../parts.ts";
import type { Recognition, ScanFormat } from "../scanFormat.ts";
import { geometryIn } from "../scanGeometry.ts";
import { labelsLeftOut, readLabels } from "../scanLabels.ts";
import { metadataPhotons } from "../scanMetadata.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { choosePatternsKey } from "../scanPatterns.ts";
import { namedPositions } from "../scanPositions.ts";

/**
 * The PtychoPINN contract, or another layout that options describe, in any container: arrays by their names.
 *
 * Contract: `diffraction` or `diff3d` (n, N, N) amplitudes = √counts, zero frequency at the centre; `xcoords`, `ycoords`
 * (n) window centres in object pixels, x = column, y = row; `probeGuess` (N, N), (N, N, 1) or (P, N, N) complex. Optional:
 * `objectGuess` (H, W), `xcoords_start`, `ycoords_start`, `scan_index`, `frame_intensity` (n), the beam's intensity in
 * each pattern over its mean, `Y` or `label` (n, N, N) complex, `_metadata` JSON text whose `physics_parameters.nphotons`
 * is the mean number of photons per pattern, `mask` (N, N), 1 = valid, and the geometry: `energy_kev` or `voltage_kv` or
 * `wavelength_m` with `radiation`, `detector_distance_m`, `detector_pixel_m`, `object_pixel_m`, `propagation`.
 */
export const namedFormat: ScanFormat = {
  name: "named",
  title: "arrays by PtychoPINN's names or by those that are stated",
  recognise,
  parts,
};

function recognise(file: ArrayFile, options: ScanOptions): Recognition {
  const { patternsKey, probeKey = "probeGuess", positionsKey } = options;
  const wanted = [
    patternsKey === undefined ? ["diffraction", "diff3d"] : [patternsKey],
    [probeKey],
    ...(positionsKey === undefined
      ? [
          ["xcoords", "xcoords_start"],
          ["ycoords", "ycoords_start"],
        ]
      : [[positionsKey]]),
  ];
  const missing = wanted.filter((names) => !names.some((name) => file.has(name)));
  const { container } = file;
  if (missing.length === 0)
    return { confidence: 0.9, evidence: `${container} with the names of patterns, probe and positions` };
  // Who names the patterns' array says how the file is to be read.
  const stated = patternsKey !== undefined && file.has(patternsKey);
  return {
    confidence: stated ? 0.8 : 0.1,
    evidence: `${container} without ${missing.map(usualNames).join(", ")}`,
  };
}

/** Without the nominal positions, which stand in for the usual ones. */
const usualNames = (names: readonly string[]): string => names.filter((name) => !name.endsWith("_start")).join(" or ");

function parts(file: ArrayFile, options: ScanOptions, where: string): ScanParts {
  const warnings: string[] = [];
  const elsewhere = options.patterns !== undefined;
  const patternsKey = elsewhere ? undefined : choosePatternsKey(file, options, where);
  const at = (key: string): string => `${where}: ${key}`;
  const array = (key: string): ArrayPart => ({ key, shape: file.header(key).shape, read: () => file.readNumbers(key) });
  const positions = namedPositions(file, options, where);
  const unit =
    positions &&
    statedUnit(
      positions.keys.filter(file.has).map((key) => ({ file, key, where })),
      options,
    );
  const probeKey = options.probeKey ?? "probeGuess";
  if (options.probeKey !== undefined) requireKey(file, probeKey, "probe", "probeKey", where);
  const objectKey = options.objectKey ?? "objectGuess";
  if (options.objectKey !== undefined) requireKey(file, objectKey, "reference object", "objectKey", where);
  return {
    ...(patternsKey === undefined ? {} : { patterns: { file, key: patternsKey } }),
    ...(positions === undefined ? {} : { positions }),
    ...(unit === undefined ? {} : { says: { positionUnit: unit } }),
    ...(file.has(probeKey) ? { probe: array(probeKey) } : {}),
    ...(file.has(objectKey) ? { object: array(objectKey) } : {}),
    ...(file.has("mask") ? { mask: array("mask") } : {}),
    geometry: geometryIn(file, where, warnings),
    photonsPerPattern: metadataPhotons(file, warnings),
    frames: (count) => ({
      scanIndex: readScanIndex(file, count, at),
      frameIntensities: readFrameIntensities(file, count, at),
    }),
    labels: (shape, { inFile, unread }) =>
      inFile || (unread && isLarge(file)) ? labelsLeftOut(file) : readLabels(file, shape, options, at),
    warnings,
  };
}

/** Bytes of reference patches that are read just to see that they are sound. */
const CHECKED_PATCHES = 2 ** 28;

const isLarge = (file: ArrayFile): boolean =>
  ["Y", "label"].some((key) => file.has(key) && (file.header(key).dataBytes ?? 0) > CHECKED_PATCHES);
