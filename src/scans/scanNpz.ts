import { type ComplexArray, sizeOf } from "../arrays.ts";
import type { Dataset, Measurement, Patterns } from "../data/dataset.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { ByteSource } from "../formats/byteSource.ts";
import { openNpz } from "../formats/npz.ts";
import { asStated } from "./asStated.ts";
import { readObject, toProbe } from "./complexImages.ts";
import { optionalMask, readFrameIntensities, readScanIndex } from "./frameValues.ts";
import { requireKey } from "./namedArrays.ts";
import { type PatternLayout, patternLayout } from "./patternLayout.ts";
import type { Recognition, ScanFormat, ScanShape, ScanSource } from "./scanFormat.ts";
import { readGeometry } from "./scanGeometry.ts";
import { labelsLeftOut, readLabels } from "./scanLabels.ts";
import { metadataPhotons } from "./scanMetadata.ts";
import type { ScanOptions } from "./scanOptions.ts";
import { choosePatternsKey, measurementOf, patternsInMemory, unreadPatterns } from "./scanPatterns.ts";
import { readPositions, type ScanPositions } from "./scanPositions.ts";
import { patternsInFile } from "./storedPatterns.ts";

/**
 * The PtychoPINN contract in an NPZ, or another layout that options describe.
 *
 * Contract: `diffraction` or `diff3d` (n, N, N) amplitudes = √counts, zero frequency at the centre; `xcoords`, `ycoords`
 * (n) window centres in object pixels, x = column, y = row; `probeGuess` (N, N), (N, N, 1) or (P, N, N) complex. Optional:
 * `objectGuess` (H, W), `xcoords_start`, `ycoords_start`, `scan_index`, `frame_intensity` (n), the beam's intensity in
 * each pattern over its mean, `Y` or `label` (n, N, N) complex, `_metadata` JSON text whose `physics_parameters.nphotons`
 * is the mean number of photons per pattern, `mask` (N, N), 1 = valid, and the geometry: `energy_kev` or `voltage_kv` or
 * `wavelength_m` with `radiation`, `detector_distance_m`, `detector_pixel_m`, `object_pixel_m`, `propagation`.
 */
export const npzFormat: ScanFormat = {
  name: "npz",
  title: "arrays of an NPZ by PtychoPINN's names or by those that are stated",
  recognise,
  shape,
  read,
};

/**
 * Reads a scan out of the bytes of an NPZ (`npzFormat`).
 * @throws PtychonautError "data" with the array and the option that would help
 */
export function readScanNpz(
  input: Uint8Array | ByteSource,
  options: ScanOptions = {},
  source: ScanSource = {},
): Dataset {
  return asStated(read(openNpz(input, source.path ?? "scan"), options, source), options, source.unread);
}

function recognise(file: ArrayFile, options: ScanOptions): Recognition {
  if (file.container !== "NPZ") return { confidence: 0, evidence: `the file is no NPZ but ${file.container}` };
  const { patternsKey, probeKey = "probeGuess", positionsKey } = options;
  const wanted = [
    patternsKey === undefined ? ["diffraction", "diff3d"] : [patternsKey],
    [probeKey],
    ...(positionsKey === undefined ? [["xcoords"], ["ycoords"]] : [[positionsKey]]),
  ];
  const missing = wanted.filter((names) => !names.some((name) => file.has(name)));
  if (missing.length === 0)
    return { confidence: 0.9, evidence: "an NPZ with the names of patterns, probe and positions" };
  return { confidence: 0.1, evidence: `an NPZ without ${missing.map((names) => names.join(" or ")).join(", ")}` };
}

function read(file: ArrayFile, options: ScanOptions, { scratch, unread = false, ...source }: ScanSource): Dataset {
  const where = source.path ?? "scan";
  const conversions: string[] = [];
  const warnings: string[] = [];
  const patternsKey = choosePatternsKey(file, options, where);
  const at = (key: string): string => `${where}: ${key}`;

  const header = file.header(patternsKey);
  const measurement = measurementOf(header, options, at(patternsKey), conversions);
  const probeKey = requireKey(file, options.probeKey ?? "probeGuess", "probe", "probeKey", where);
  const object = readObject(file, options, where, warnings);
  const count = positionCount(file, options, where);
  const layout = patternLayout(header.shape, count, options.frameAxis, at(patternsKey));
  const { height, width } = layout;

  const probe = toProbe(
    file.readNumbers(probeKey),
    [height, width],
    at(probeKey),
    conversions,
    options.cropTo ?? options.padTo,
  );
  const dcAt = options.dcAt ?? "center";
  const { someLeftOut = false } = options;
  const stored = { file, key: patternsKey, layout, dcAt, where: at(patternsKey), someLeftOut };
  const patterns = unread
    ? unreadPatterns(layout)
    : scratch === undefined
      ? patternsInMemory(stored)
      : patternsInFile(stored, scratch);
  if (layout.framesLast) conversions.push("patterns transposed from (y, x, frame) to (frame, y, x)");
  if (options.dcAt === "corner") conversions.push("zero frequency moved from index 0 to the centre");
  const side = height === width ? height : undefined;
  const geometry = readGeometry(file, options.geometry ?? {}, side, where, warnings);
  const positions = readPositions(file, options, { height, width, object, geometry, where }, conversions);
  warnings.push(...outsideObject(positions.positions, object, patterns));
  const photons = metadataPhotons(file, warnings);
  const scanIndex = readScanIndex(file, count, at);
  const frameIntensities = readFrameIntensities(file, count, at);

  return {
    name: nameOf(source.path),
    patterns,
    measurement,
    ...positions,
    geometry,
    probe,
    ...(object === undefined ? {} : { object }),
    ...(scratch !== undefined || (unread && isLarge(file))
      ? labelsLeftOut(file)
      : readLabels(file, [count, height, width], options, at)),
    ...optionalMask(file, options, [height, width], at),
    ...(scanIndex === undefined ? {} : { scanIndex }),
    ...(frameIntensities === undefined ? {} : { frameIntensities }),
    ...(photons === undefined ? {} : { photonsPerPattern: photons }),
    provenance: {
      ...source,
      conventions: conventionsOf(options, { patternsKey, probeKey, measurement, layout }),
      ...{ conversions, warnings },
    },
  };
}

/** By the settings that would say it, what was stated and what was taken by default. */
function conventionsOf(
  options: ScanOptions,
  found: { patternsKey: string; probeKey: string; measurement: Measurement; layout: PatternLayout },
): Readonly<Record<string, string>> {
  const { positionsKey, positionOrder } = options;
  return {
    patterns_key: found.patternsKey,
    probe_key: found.probeKey,
    ...(positionsKey === undefined
      ? {}
      : { positions_key: positionsKey, ...(positionOrder === undefined ? {} : { position_order: positionOrder }) }),
    measurement: found.measurement,
    frame_axis: found.layout.framesLast ? "last" : "first",
    dc_at: options.dcAt ?? "center",
    probe_at: options.probeAt ?? "center",
    mask_valid: String(options.maskValid ?? 1),
    position_reference: options.positionReference ?? "center",
    position_origin: options.positionOrigin ?? "absolute",
    position_unit: options.positionUnit ?? "px",
    ...(options.cropTo === undefined ? {} : { crop_to: String(options.cropTo) }),
    ...(options.padTo === undefined ? {} : { pad_to: String(options.padTo) }),
  };
}

/** Bytes of reference patches that are read just to see that they are sound. */
const CHECKED_PATCHES = 2 ** 28;

const isLarge = (file: ArrayFile): boolean =>
  ["Y", "label"].some((key) => file.has(key) && (file.header(key).dataBytes ?? 0) > CHECKED_PATCHES);

function shape(file: ArrayFile, options: ScanOptions, where: string): ScanShape {
  const key = choosePatternsKey(file, options, where);
  const header = file.header(key);
  measurementOf(header, options, `${where}: ${key}`, []);
  requireKey(file, options.probeKey ?? "probeGuess", "probe", "probeKey", where);
  const positions = positionCount(file, options, where);
  const { count, height, width } = patternLayout(header.shape, positions, options.frameAxis, `${where}: ${key}`);
  return {
    ...{ count, height, width, patternBytes: header.dataBytes ?? 0 },
    photonsPerPattern: metadataPhotons(file, []),
    scanIndex: readScanIndex(file, count, (name) => `${where}: ${name}`),
  };
}

/** The number of positions, from the array's header alone: it decides how to read everything else. */
function positionCount(file: ArrayFile, options: ScanOptions, where: string): number {
  const key = requireKey(file, options.positionsKey ?? "xcoords", "positions", "positionsKey", where);
  const size = sizeOf(file.header(key).shape);
  return options.positionsKey === undefined ? size : size / 2;
}

function outsideObject(
  positions: ScanPositions["positions"],
  object: ComplexArray | undefined,
  { height, width }: Patterns,
): string[] {
  if (object === undefined) return [];
  const [rows, columns] = object.shape as [number, number];
  let outside = 0;
  for (let k = 0; k < positions.length; k += 2) {
    const top = positions[k] - Math.floor(height / 2);
    const left = positions[k + 1] - Math.floor(width / 2);
    if (top < 0 || left < 0 || top + height > rows || left + width > columns) outside++;
  }
  if (outside === 0) return [];
  return [`${outside} of ${positions.length / 2} windows reach outside the reference object (${rows}, ${columns})`];
}

function nameOf(path: string | undefined): string {
  return (path ?? "scan").replace(/^.*[\\/]/, "").replace(/\.[^.]*$/, "");
}
