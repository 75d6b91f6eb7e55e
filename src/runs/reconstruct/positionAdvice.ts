import type { Dataset, Provenance } from "../../data/dataset.ts";
import { setting } from "../../errors.ts";
import { composedWith } from "../../scans/prepare/composedPositions.ts";

/** A number and its standard error; null where there is none to tell it from. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number | null;
}

/** What corrections have in common, along the axes of the stage. */
export interface Corrections {
  /** From +x towards +y. */
  readonly rotationDegrees: Estimate;
  /** Of both axes; null where it was held. */
  readonly scale: Estimate | null;
  /** What y is stretched more than x. */
  readonly stretch: Estimate;
  /** What the angle between the axes is less than a right one. */
  readonly shearDegrees: Estimate;
}

/** Settings by their names: each is all that is to be said, in the place of what was said. */
export type Answers = Readonly<Record<string, string | number>>;

/** What settings say of the geometry; null what they leave to the file. */
export interface StatedGeometry {
  readonly detectorDistanceM: number | null;
  readonly objectPixelM: number | null;
}

/** How the scan's positions were corrected before, as it was said or by default. */
export interface SaidOfPositions {
  readonly positionRotation: number;
  readonly positionScale?: string;
  /** Positions are lengths, which the object's pixel divides. */
  readonly inLengths: boolean;
  /** Names of settings that correct positions and are in use. */
  readonly names: readonly string[];
}

export interface Circumstances {
  readonly dataset: Pick<Dataset, "geometry">;
  readonly stated: StatedGeometry;
  readonly said: SaidOfPositions;
  /** The farthest frame from the middle, in object pixels. */
  readonly reach: number;
}

/** Errors have eight degrees of freedom; how often noise alone comes to this, `docs/positions.md` says. */
const SIGNIFICANT = 4;
/** What moves no frame by so much, in object pixels, is not worth telling. */
const LEAST_MOVE = 0.1;
const DEGREE = Math.PI / 180;

export function saidOfPositions({ conventions = {} }: Pick<Provenance, "conventions">): SaidOfPositions {
  const { position_scale: scale, position_rotation: rotation, position_unit: unit = "px" } = conventions;
  return {
    positionRotation: Number(rotation ?? 0),
    ...(scale === undefined ? {} : { positionScale: scale }),
    inLengths: unit !== "px",
    names: ["position_swap", "position_flip", "position_scale", "position_rotation"].filter(
      (name) => conventions[name] !== undefined,
    ),
  };
}

/** What of corrections is significant, in words, and what to say about it: with what was said, so that saying it once is enough. */
export function positionAdvice(
  found: Corrections,
  circumstances: Circumstances,
): { readonly lines: readonly string[]; readonly say: Answers } {
  const { said, reach } = circumstances;
  const significant = ({ value, standardError }: Estimate, unit: number): boolean =>
    Math.abs(value) > SIGNIFICANT * (standardError ?? 0) && Math.abs(value * unit) * reach > LEAST_MOVE;
  const { rotationDegrees, stretch, shearDegrees } = found;
  const scale = found.scale !== null && significant(found.scale, 1) ? found.scale : undefined;
  const [turned, stretched] = [significant(rotationDegrees, DEGREE), significant(stretch, 0.5)];
  const [both, half] = [1 + (scale?.value ?? 0), stretched ? stretch.value / 2 : 0];
  const total = composedWith(said, {
    degrees: turned ? rotationDegrees.value : 0,
    scale: [both + half, both - half],
  });
  const toSay = setting("position_scale", total.positionScale);
  const inAll = (name: string): string => (said.names.includes(name) ? ", in the place of what is said" : "");
  const lines = [
    ...(turned
      ? [
          `the scan lies turned on the detector by ${amount(rotationDegrees, 1, "°")} from +x towards +y: ${setting("position_rotation", total.positionRotation.toFixed(2))}${inAll("position_rotation")}`,
        ]
      : []),
    ...(scale === undefined ? [] : [scaleWords(scale, `${toSay}${inAll("position_scale")}`, circumstances)]),
    ...(stretched
      ? [
          `${stretch.value > 0 ? "y is stretched against x" : "x is stretched against y"} by ${amount(withoutSign(stretch), 100, " %")}: one axis of the stage takes other steps than it says, ${toSay}${inAll("position_scale")}; an astigmatic probe may look like it`,
        ]
      : []),
    ...(significant(shearDegrees, DEGREE / 2)
      ? [
          `the axes of the stage are ${amount(withoutSign(shearDegrees), 1, "°")} off a right angle, ${shearDegrees.value > 0 ? "less" : "more"} than one: take the positions that were found, ${setting("positions")} with the positions.csv of this folder${withoutThem(said)}; an astigmatic probe may look like it`,
        ]
      : []),
  ];
  const say = {
    ...(turned ? { position_rotation: total.positionRotation } : {}),
    ...(scale !== undefined || stretched ? { position_scale: total.positionScale } : {}),
  };
  return { lines, say };
}

/** The positions of a folder have been corrected already. */
const withoutThem = ({ names }: SaidOfPositions): string =>
  names.length === 0 ? "" : `, without ${names.map((name) => setting(name)).join(", ")}, which they have in them`;

/** @param toSay the setting, with its value, that stretches the stage's steps */
function scaleWords(scale: Estimate, toSay: string, { dataset, stated, said }: Circumstances): string {
  const by = 1 / (1 + scale.value);
  const [apart, steps] = scale.value > 0 ? ["farther apart", "longer"] : ["closer together", "shorter"];
  const words = `positions lie ${apart} by ${amount(withoutSign(scale), 100, " %")} than the scan says`;
  const pixel = said.inLengths ? pixelAnswer(by, dataset.geometry, stated) : undefined;
  const pixels =
    pixel === undefined
      ? ""
      : `the object's pixel is ${by.toFixed(4)} times what is said, by a wrong distance or energy (${pixel}), or `;
  return `${words}: ${pixels}the stage takes ${steps} steps (${toSay}); a defocused probe may look like it`;
}

/** A pixel that follows from others is corrected by the distance, any other itself; what a file says no setting contradicts. */
function pixelAnswer(by: number, geometry: Dataset["geometry"], stated: StatedGeometry): string | undefined {
  const { detectorDistanceM: distance, objectPixelM: pixel, wavelengthM, detectorPixelM, propagation } = geometry ?? {};
  const follows = distance !== undefined && wavelengthM !== undefined && detectorPixelM !== undefined;
  if (follows && propagation !== "near-field") {
    const corrected = (distance * by).toPrecision(5);
    return stated.detectorDistanceM === null
      ? `in the file a distance of ${corrected} m`
      : setting("detector_distance_m", corrected);
  }
  if (stated.objectPixelM !== null) return setting("object_pixel_m", (stated.objectPixelM * by).toPrecision(5));
  return pixel === undefined ? undefined : `in the file a pixel of ${(pixel * by).toPrecision(5)} m`;
}

const withoutSign = (estimate: Estimate): Estimate => ({ ...estimate, value: Math.abs(estimate.value) });

function amount({ value, standardError }: Estimate, factor: number, unit: string): string {
  const number = (factor * value).toFixed(2);
  return standardError === null
    ? `${number}${unit} (without an error estimate)`
    : `${number} ± ${(factor * standardError).toFixed(2)}${unit}`;
}
