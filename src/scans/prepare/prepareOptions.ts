import type { OrientationName } from "../../data/orientations.ts";
import { type ProbeOptions, probeParameters } from "./probeOptions.ts";

/**
 * What is done to a scan after it is read, in this order: background, threshold and gain of the patterns as the file has them
 * (the zero frequency already at index floor(n/2)), bad pixels, the cut about the beam's centre, bins, the detector's
 * orientation. Positions and probe follow the patterns' size and are otherwise prepared by options of their own.
 */
export interface PrepareOptions extends PositionOptions, ProbeOptions {
  /** Counts of the file that are taken off everywhere; nothing falls below zero. */
  readonly background?: number;
  /** Address of an image of such counts, `[y, x]`, laid out as the patterns. */
  readonly backgroundFile?: string;
  /** Fewer counts (after that) become zero. */
  readonly threshold?: number;
  /** Counts of the file in one photon. */
  readonly countsPerPhoton?: number;
  /** Masks dead and hot pixels, gaps and the beamstop that the patterns show, see `pixelDefects`. */
  readonly findBadPixels?: boolean;
  /** Where the beam's centre is, `row,column`, fractions rounded; or `found`, from the mean pattern. Default: index floor(n/2). */
  readonly beamCenter?: string;
  /** Side that patterns are cut to, or filled up to with masked pixels, about the beam's centre. Default: as they are. */
  readonly cropTo?: number;
  readonly padTo?: number;
  /** So many pixels along y and x become one. */
  readonly binBy?: number;
  /** How the detector is turned against the axes of positions, probe and object, which stay as they are. */
  readonly detectorOrientation?: OrientationName;
}

const preparing: readonly (keyof PrepareOptions)[] = [
  "background",
  "backgroundFile",
  "threshold",
  "countsPerPhoton",
  "findBadPixels",
  "beamCenter",
  "cropTo",
  "padTo",
  "binBy",
  "detectorOrientation",
  "scanStep",
  "scanShape",
  "positionSwap",
  "positionFlip",
  "positionScale",
  "positionRotation",
  "probeModel",
  ...probeParameters,
];

/** Options without those that change what is in the file. */
export function withoutPreparing<O extends PrepareOptions>(options: O): O {
  const others = { ...options };
  for (const name of preparing) if (name !== "scanStep" && name !== "scanShape") delete others[name];
  return others;
}

/** Those that prepare the scan, by the settings that say them. */
export function preparingStatements(options: PrepareOptions): Readonly<Record<string, string>> {
  const said = preparing.filter((name) => options[name] !== undefined && options[name] !== false);
  return Object.fromEntries(
    said.map((name) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), String(options[name])]),
  );
}

export const beamCenterPattern: RegExp = /^\s*(found|\d+(\.\d*)?\s*,\s*\d+(\.\d*)?)\s*$/;

/** A raster where there are no positions, and corrections of positions, in this order; see `correctedPositions`. */
export interface PositionOptions {
  /** Distance between neighbours of a raster along y and x, in `positionUnit`, see `withRaster`. */
  readonly scanStep?: number;
  /** `rows,columns`. Default: the patterns' leading axes. */
  readonly scanShape?: string;
  /** y and x are exchanged. */
  readonly positionSwap?: boolean;
  /** Axes that are turned round. */
  readonly positionFlip?: "y" | "x" | "yx";
  /** One factor, or those of y and x: `1.02` or `1.02,0.98`. */
  readonly positionScale?: string;
  /** Degrees from +x towards +y: clockwise as one sees an image whose rows go down. */
  readonly positionRotation?: number;
}

export const positionScalePattern: RegExp = /^\s*\d*\.?\d+(e-?\d+)?\s*(,\s*\d*\.?\d+(e-?\d+)?\s*)?$/i;
