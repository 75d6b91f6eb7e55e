import { setting } from "../../errors.ts";
import type { GeometryStatement } from "../../optics/geometry.ts";
import { lengthLabel, wavelengthFromEnergy } from "../../optics/units.ts";
import { arrayPart } from "../arrayParts.ts";
import type { PositionsPart, ScanParts } from "../parts.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { middleOf } from "../scanPositions.ts";
import { darkFrames } from "./darkFrames.ts";
import { type DetectorAxes, detectorAxes, shownVector } from "./detectorAxes.ts";
import { goodPixels, nexusBits } from "./detectorMask.ts";
import { firstKey, firstStack, lengthAt, numberAt, photonEnergyAt, type Reading } from "./quantities.ts";

/** Where a dialect of CXI keeps what; of several paths the first that is there. */
export interface EntryPaths {
  readonly patterns: readonly string[];
  /** Groups of the detector. */
  readonly detectors: readonly string[];
  readonly energies: readonly string[];
  readonly wavelengths: readonly string[];
  readonly illuminations: readonly string[];
  /** Groups of the image that was reconstructed. */
  readonly images: readonly string[];
  /** Unit of energies that say none. */
  readonly energyUnit: string;
}

/**
 * What CXI and the NeXus layouts that are compatible with it have of a scan: counts with the zero frequency in the middle,
 * translations of the sample in the laboratory, a detector with its place and pixels. Errors are of the pixels' sides and
 * units, see `detectorAxes`.
 */
export function entryParts(
  reading: Reading,
  paths: EntryPaths,
  options: ScanOptions,
  positionsIn: (axes: DetectorAxes) => PositionsPart | undefined,
): ScanParts {
  const { file, conversions, warnings } = reading;
  const patterns = firstStack(file, paths.patterns);
  const axes = detectorAxes(reading, paths.detectors);
  const positions = positionsIn(axes);
  const at = (name: string): string[] => paths.detectors.map((group) => `${group}/${name}`);
  const energyKev = photonEnergyAt(reading, paths.energies, paths.energyUnit);
  const wavelength = lengthAt(reading, paths.wavelengths);
  const wavelengthM = energyKev === undefined ? wavelength : undefined;
  if (energyKev !== undefined && wavelength !== undefined) compareWaves(energyKev, wavelength, warnings);
  const detectorDistanceM = lengthAt(reading, at("distance"));
  const geometry: GeometryStatement = {
    ...(energyKev === undefined ? {} : { energyKev }),
    ...(wavelengthM === undefined ? {} : { wavelengthM }),
    ...(energyKev === undefined && wavelengthM === undefined ? {} : { radiation: "photons" as const }),
    ...(detectorDistanceM === undefined ? {} : { detectorDistanceM }),
    ...(axes.pixelM === undefined ? {} : { detectorPixelM: axes.pixelM }),
  };
  const shifted = patterns !== undefined && isShifted(reading, patterns);
  if (patterns !== undefined && !shifted) beamCentre(reading, at, patterns, axes);
  const maskKey = firstKey(file, at("mask"));
  const pixelMask = maskKey === undefined ? firstKey(file, at("pixel_mask")) : undefined;
  const illumination = firstKey(file, paths.illuminations);
  const object = imageOf(reading, paths.images);
  return {
    ...(patterns === undefined ? {} : { patterns: { file, key: patterns } }),
    ...(positions === undefined ? {} : { positions }),
    ...(illumination === undefined ? {} : { probe: arrayPart(file, illumination) }),
    ...(object === undefined ? {} : { object: arrayPart(file, object) }),
    ...darkFrames(reading, firstKey(file, at("data_dark")), patterns),
    ...(maskKey === undefined ? {} : { mask: goodPixels(reading, maskKey, options) }),
    ...(pixelMask === undefined ? {} : { mask: goodPixels(reading, pixelMask, options, nexusBits) }),
    geometry,
    says: {
      measurement: "counts",
      dcAt: shifted ? "corner" : "center",
      frameAxis: "first",
      positionUnit: "m",
      positionsAre: "sample",
      positionOrigin: "centered",
    },
    conventions: { detector_rows: shownVector(axes.slow), detector_columns: shownVector(axes.fast) },
    conversions,
    warnings,
  };
}

/** Energy and wavelength may differ by as much. */
const AGREEMENT = 0.01;

function compareWaves(energyKev: number, stated: number, warnings: string[]): void {
  const derived = wavelengthFromEnergy(energyKev);
  if (Math.abs(stated - derived) <= AGREEMENT * derived) return;
  warnings.push(
    `the wavelength is ${lengthLabel(stated)} in the file and ${lengthLabel(derived)} by the energy of ` +
      `${Number(energyKev.toPrecision(6))} keV: the energy is used`,
  );
}

/** A complex image in the object's own plane, where positions can count from its middle pixel. */
function imageOf(reading: Reading, groups: readonly string[]): string | undefined {
  const { file, conversions, warnings } = reading;
  const key = firstKey(
    file,
    groups.map((group) => `${group}/data`),
  );
  if (key === undefined) return undefined;
  const group = key.replace(/\/data$/, "");
  const { shape, dtype } = file.header(key);
  const leftOut = (why: string): undefined => {
    warnings.push(`${key} is left out: ${why}`);
  };
  if (!dtype.startsWith("complex") || shape.length !== 2) return leftOut(`${dtype} (${shape.join(", ")}) is no object`);
  if (numberAt(reading, `${group}/is_fft_shifted`) === 1)
    return leftOut("is_fft_shifted says that it is in Fourier order");
  const centre = file.has(`${group}/image_center`) ? file.readNumbers(`${group}/image_center`).data : [];
  const [column, row] = [centre[0] ?? Number.NaN, centre[1] ?? Number.NaN];
  const middle = middleOf({ shape });
  if (Math.abs(row - middle[0]) > 0.5 || Math.abs(column - middle[1]) > 0.5)
    return leftOut(
      `positions would count from its middle (${middle[1]}, ${middle[0]}), and image_center is (${column}, ${row})`,
    );
  conversions.push(
    Number.isNaN(row + column)
      ? `${key} taken as the object: positions count from its middle pixel, since nothing says otherwise`
      : `${key} taken as the object: its middle pixel is where positions count from, by image_center`,
  );
  return key;
}

/** Natural order unless the patterns' group says otherwise. */
function isShifted(reading: Reading, patterns: string): boolean {
  return numberAt(reading, patterns.replace(/[^/]*$/, "is_fft_shifted")) === 1;
}

/** Says where the beam meets the detector, if that is not the middle of the patterns. */
function beamCentre(reading: Reading, at: (name: string) => string[], patterns: string, axes: DetectorAxes): void {
  const { file, warnings } = reading;
  const [height, width] = file.header(patterns).shape.slice(-2) as [number, number];
  const inPixels = (name: string): number | undefined => {
    const key = firstKey(file, at(name));
    if (key === undefined) return undefined;
    const units = file.attributes(key)["units"];
    const isLength = units?.dtype === "string" && !/^(px|pixels?|)$/i.test(units.data[0] ?? "");
    if (!isLength) return numberAt(reading, key);
    const metres = lengthAt(reading, [key]);
    return metres === undefined || axes.pixelM === undefined ? undefined : metres / axes.pixelM;
  };
  warnAboutCentre([inPixels("beam_center_y"), inPixels("beam_center_x")], [height, width], warnings);
}

/** Pixels that the beam may be beside the middle before anybody is told. */
const NEAR_MIDDLE = 1;

export function warnAboutCentre(
  [y, x]: readonly [number | undefined, number | undefined],
  [height, width]: readonly [number, number],
  warnings: string[],
): void {
  if (y === undefined || x === undefined || (y === 0 && x === 0)) return;
  const middle = [Math.floor(height / 2), Math.floor(width / 2)] as const;
  if (Math.abs(y - middle[0]) <= NEAR_MIDDLE && Math.abs(x - middle[1]) <= NEAR_MIDDLE) return;
  const inside = y >= 0 && x >= 0 && y < height && x < width;
  const place = `the file has the beam at pixel (${y.toFixed(1)}, ${x.toFixed(1)})`;
  warnings.push(
    inside
      ? `${place}, and the zero frequency is expected at (${middle.join(", ")}): cut about the former with ` +
          `${setting("beam_center", `${y.toFixed(1)},${x.toFixed(1)}`)} ${setting("crop_to")}`
      : `${place}, outside the patterns: ignored`,
  );
}
