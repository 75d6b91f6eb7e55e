import { z } from "zod";
import { type OrientationName, orientations } from "../data/orientations.ts";
import { beamCenterPattern, positionScalePattern } from "../scans/prepare/prepareOptions.ts";
import { type ProbeModel, probeModels } from "../scans/prepare/probeOptions.ts";
import { scanShapePattern } from "../scans/prepare/raster.ts";
import { address, integer, optional, real, toggle } from "./fields.ts";

/** What is done to a scan after it is read, see `scans/prepare/`. */
export interface PreparingConfig {
  readonly background: number | null;
  readonly backgroundFile: string | null;
  readonly threshold: number | null;
  readonly countsPerPhoton: number | null;
  readonly findBadPixels: boolean;
  readonly beamCenter: string | null;
  readonly cropTo: number | null;
  readonly padTo: number | null;
  readonly binBy: number | null;
  readonly detectorOrientation: OrientationName | null;
  readonly scanStep: number | null;
  readonly scanShape: string | null;
  readonly positionSwap: boolean;
  readonly positionFlip: "y" | "x" | "yx" | null;
  readonly positionScale: string | null;
  readonly positionRotation: number | null;
  readonly probeModel: ProbeModel | null;
  readonly outermostZoneM: number | null;
  readonly zonePlateDiameterM: number | null;
  readonly centralStopM: number | null;
  readonly semiAngleMrad: number | null;
  readonly apertureM: number | null;
  readonly apertureWidthM: number | null;
  readonly apertureShape: "round" | "rectangular" | null;
  readonly probeFwhmM: number | null;
  readonly defocusM: number | null;
  readonly sphericalM: number | null;
}

const length = (description: string) => optional(real({ above: 0 }), description, { unit: "metres" });

type Fields = { readonly [K in keyof PreparingConfig]: z.ZodDefault<z.ZodType<PreparingConfig[K]>> };

const fields: Fields = {
  background: optional(
    real({ min: 0 }),
    "Counts that are taken off every pixel of the file's patterns; nothing falls below zero.",
    { unit: "counts" },
  ),
  backgroundFile: address("such counts as an image, or images whose mean they are, laid out as the patterns"),
  threshold: optional(real({ above: 0 }), "Pixels with fewer counts (after the background) become zero.", {
    unit: "counts",
  }),
  countsPerPhoton: optional(
    real({ above: 0 }),
    "Counts of the file in one photon, by which they are divided (after background and threshold).",
    { unit: "counts" },
  ),
  findBadPixels: toggle(
    false,
    "Mask dead and hot pixels, gaps and a beamstop that the patterns show, beside what the file's mask has.",
  ),
  beamCenter: optional(
    z.string().regex(beamCenterPattern, "expected row,column, like 63.5,64, or found"),
    "Where the patterns have the beam's centre: ROW,COLUMN, rounded to a pixel, or found (the centre of the mean pattern's bright part). It is moved to index floor(n/2); what was not measured is masked.",
  ),
  cropTo: optional(
    integer({ min: 1 }),
    "Side that patterns are cut to about the beam's centre. The object's pixels grow by as much; positions, probe and object follow.",
    { unit: "pixels" },
  ),
  padTo: optional(
    integer({ min: 1 }),
    "Side that patterns are filled up to with masked pixels about the beam's centre. The object's pixels shrink by as much; positions, probe and object follow.",
    { unit: "pixels" },
  ),
  binBy: optional(
    integer({ min: 2 }),
    "So many pixels along y and x are added up to one, after the cut. The object's pixels stay; the window shrinks by as much, and the probe is cut to it.",
    { unit: "pixels" },
  ),
  detectorOrientation: optional(
    z.enum(Object.keys(orientations) as [OrientationName, ...OrientationName[]]),
    "How the patterns are turned to have the axes of the positions, after all else. Quarter turns are counterclockwise with rows going down. Positions, probe and object stay.",
  ),
  scanStep: optional(
    real({ above: 0 }),
    "Distance between neighbours of a raster along y and x, in position_unit, where the file has no positions: row by row, each from left to right.",
  ),
  scanShape: optional(
    z.string().regex(scanShapePattern, "expected rows,columns, like 32,32"),
    "Rows and columns of that raster, ROWS,COLUMNS. Left open: the patterns' leading axes.",
  ),
  positionSwap: toggle(false, "Exchange y and x of the positions."),
  positionFlip: optional(z.enum(["y", "x", "yx"]), "Axes along which positions are turned round, after the exchange."),
  positionScale: optional(
    z.string().regex(positionScalePattern, "expected a positive factor, or two like 1.02,0.98"),
    "Factor of the positions, after that: one, or those of y and x.",
  ),
  positionRotation: optional(
    real({ min: -360, max: 360 }),
    "Angle by which the positions are rotated, after that, from +x towards +y: clockwise with rows going down.",
    { unit: "degrees" },
  ),
  probeModel: optional(
    z.enum(probeModels),
    "Build the probe instead of reading it: a zone plate, an aperture (of a lens, with semi_angle_mrad, or a pinhole, with aperture_m), a Gaussian beam, or the root of the mean pattern. Needs the geometry.",
  ),
  outermostZoneM: length("Width of the zone plate's outermost zone."),
  zonePlateDiameterM: length("Diameter of the zone plate."),
  centralStopM: length("Diameter of the zone plate's central stop. Left open: none."),
  semiAngleMrad: optional(real({ above: 0 }), "Half the angle of the lens's cone at the sample.", { unit: "mrad" }),
  apertureM: length("Diameter of a round pinhole, height of a rectangular one."),
  apertureWidthM: length("Width of a rectangular pinhole. Left open: its height."),
  apertureShape: optional(z.enum(["round", "rectangular"]), "Shape of the aperture. Left open: round."),
  probeFwhmM: length("Full width at half maximum of the Gaussian beam's intensity in its focus."),
  defocusM: optional(
    real(),
    "Distance from the focus (or the pinhole) to the sample, positive where the sample is downstream: of an electron lens C1, overfocus. Left open: 0.",
    { unit: "metres" },
  ),
  sphericalM: optional(real(), "Spherical aberration C3 of the electron lens. Left open: 0.", { unit: "metres" }),
};

/** Help lists them by themselves. */
const section = "Preparing the scan";

export const preparingFields: Fields = Object.fromEntries(
  Object.entries(fields).map(([name, field]) => [name, field.meta({ ...field.meta(), section })]),
) as unknown as Fields;

export const preparingSettings: readonly (keyof PreparingConfig)[] = Object.keys(fields) as (keyof PreparingConfig)[];
