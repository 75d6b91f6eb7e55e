import type { Geometry } from "../../../optics/geometry.ts";
import { lengthLabel } from "../../../optics/units.ts";
import type { ScanOptions } from "../../scanOptions.ts";
import { type DoctorRow, openRow, settingsOf } from "../row.ts";
import { type AngleFound, spreadOfAngles } from "./angles.ts";
import { mapLabel, type Orientation } from "./orientation.ts";
import {
  halfTurned,
  type Matrix2,
  matrixOf,
  nearestAxes,
  nearestMap,
  normalAngle,
  type PlanarMap,
} from "./planarMap.ts";

/** What turns the positions so that they lie as the detector does: exchanged, then flipped or rotated. Empty where they do. */
export function positionSettings(map: PlanarMap): ScanOptions {
  const { axes, off } = nearestAxes(map);
  if (off > 1e-9)
    return { ...(map.mirrored ? { positionSwap: true } : {}), positionRotation: Math.round(10 * map.angle) / 10 };
  const flip = `${axes.flippedY ? "y" : ""}${axes.flippedX ? "x" : ""}` as "" | "y" | "x" | "yx";
  return { ...(axes.transposed ? { positionSwap: true } : {}), ...(flip === "" ? {} : { positionFlip: flip }) };
}

/** How the scan was read that the orientation was measured from. */
export interface OrientationReading {
  readonly probeKnown: boolean;
  /** Whether the positions were turned already, as settings said. */
  readonly corrected: boolean;
  /** Whether the order of the positions' two columns is not known, and was taken as (y, x). */
  readonly orderOpen: boolean;
  /** How the file says that its raster lies, which reading has done. */
  readonly applied?: PlanarMap;
}

/** What the doctor's table says of an orientation. */
export function orientationRows(
  orientation: Orientation | undefined,
  geometry: Geometry | undefined,
  reading: OrientationReading,
): readonly DoctorRow[] {
  if (orientation === undefined)
    return [openRow("orientation", "it takes sixteen frames with positions, and ten in each quarter of the scan")];
  const { axes, doubts } = orientation;
  const evidence = evidenceOf(orientation);
  if (axes === "unsure")
    return [
      {
        ...openRow("orientation", [...doubts, evidence].join("; ")),
        found: "cannot be told: the object looks the same in several, or there is too little light or overlap",
      },
    ];
  return [
    ...propagationRow(orientation, geometry),
    axesRow(orientation, evidence, reading),
    signRow(orientation, reading.probeKnown),
    ...defocusRow(orientation, geometry),
  ];
}

/** A beam this much wider than the far field's window is none: what is lit has no sharp edge. */
const WIDER = 1.5;
/** Standard deviations of noise from which the shadows' size is sure. */
const CLEAR = 10;

/**
 * Near field, where the beam is wider on the sample than a far field can have it. Its width is that of what it lights on the
 * detector over the shadows' magnification; a window of the far field has as many object pixels as the patterns have pixels.
 * The object's pixel of the near field is the detector's over that magnification (Fresnel's scaling theorem).
 */
export function propagationRow({ shadows }: Pick<Orientation, "shadows">, geometry: Geometry | undefined): DoctorRow[] {
  if (shadows === undefined) return [];
  const { lit, side, magnification, strength, agreeing, parts } = shadows;
  const width = lit / magnification;
  if (!(width > WIDER * side)) return [];
  const pixel = geometry?.objectPixelM;
  const label = (pixels: number): string =>
    pixel === undefined ? `${pixels.toFixed(0)} object pixels` : lengthLabel(pixels * pixel);
  return [
    {
      quantity: "propagation",
      found: `near field: the beam is ${label(width)} wide on the sample, a window of the far field ${label(side)}`,
      value: "near-field",
      evidence:
        `shadows of the object move by ${magnification.toPrecision(3)} detector pixels per object pixel of a far field, ` +
        `and ${lit.toFixed(0)} of ${side} detector pixels are lit across`,
      sure: strength > CLEAR && agreeing === parts ? "sure" : "likely",
      state: "say",
      says: {
        geometry: {
          propagation: "near-field",
          ...(pixel === undefined ? {} : { objectPixelM: Number((pixel / magnification).toPrecision(4)) }),
        },
      },
    },
  ];
}

const isStraight = (map: PlanarMap): boolean => Object.keys(positionSettings(map)).length === 0;

function axesRow(
  { map, axes, sign, angleError, angles = [], doubts }: Orientation,
  evidence: string,
  reading: OrientationReading,
): DoctorRow {
  // Which of the two halves is the sign's matter: as it is, where that will do.
  const other = halfTurned(map);
  const straight = isStraight(map) || (sign === "open" && isStraight(other));
  const answer = answerOf(map, sign, reading);
  const isTurned = nearestAxes(map).off > 1e-9;
  const error = isTurned && angleError !== undefined ? ` ± ${angleError.toFixed(1)}°` : "";
  const total = isTurned ? totalText(map, angles, error, reading.applied) : [];
  return {
    quantity: "orientation",
    found: straight
      ? "detector and positions lie alike"
      : `positions must be ${mapLabel(map).replace(/^turned/, "rotated")}${error}${isTurned && reading.applied !== undefined ? ` beyond the file's ${reading.applied.angle.toFixed(1)}°` : ""} to lie as the detector does${sign === "open" ? `, or ${mapLabel(other)}` : ""}`,
    value: map.angle,
    evidence: [...doubts, ...total, evidence].join("; "),
    sure: axes,
    ...(straight && !reading.orderOpen ? { state: "fine" } : { state: "say", ...answer }),
  };
}

/** The angle with all that is to be said of how sure it is, and what it is beside the one that reading has from the file. */
function totalText(
  map: PlanarMap,
  angles: readonly AngleFound[],
  error: string,
  applied: PlanarMap | undefined,
): string[] {
  const each = angles.map(({ by, angle, error: own }) => `${by} ${angle.toFixed(1)}° ± ${own.toFixed(1)}°`);
  const spread = spreadOfAngles(angles);
  const moved =
    spread === undefined
      ? "no other evidence tells the angle to five degrees"
      : `the angle moves by ${spread.toFixed(1)}° between the kinds of evidence that tell it to five degrees`;
  if (applied === undefined) return each.length < 2 ? [] : [`${each.join(", ")}: ${moved}`];
  const whole = nearestMap(product(matrixOf(map), matrixOf(applied)));
  const said = `the file says ${mapLabel(applied)}, which reading has done; found is ${mapLabel(whole)}${error}, ${Math.abs(map.angle).toFixed(1)}° from it`;
  return [said, ...(each.length < 2 ? [] : [`beyond what the file says: ${each.join(", ")}: ${moved}`])];
}

/** M N: first N, then M. */
const product = (m: Matrix2, n: Matrix2): Matrix2 => [
  m[0] * n[0] + m[1] * n[2],
  m[0] * n[1] + m[1] * n[3],
  m[2] * n[0] + m[3] * n[2],
  m[2] * n[1] + m[3] * n[3],
];

/** The settings that answer: as such where there is one answer, else in words. */
function answerOf(
  map: PlanarMap,
  sign: Orientation["sign"],
  { corrected, orderOpen }: OrientationReading,
): Pick<DoctorRow, "says" | "advice"> {
  const [own, other] = [map, halfTurned(map)].map((each) => settingsFor(each, orderOpen));
  const words = (options: ScanOptions): string => settingsOf(options).join(" ");
  if (corrected) return { advice: `beyond what was said of them: ${words(own)}` };
  const free = sign === "open";
  if (free && isStraight(halfTurned(map))) return { says: other };
  return !free || isStraight(map) ? { says: own } : { advice: `${words(own)}, or ${words(other)}` };
}

/** An exchange of columns whose order is not known is that order. */
function settingsFor(map: PlanarMap, orderOpen: boolean): ScanOptions {
  const settings = positionSettings(map);
  if (!orderOpen) return settings;
  const { positionSwap = false, ...others } = settings;
  return { positionOrder: positionSwap ? "xy" : "yx", ...others };
}

function signRow({ map, sign }: Orientation, probeKnown: boolean): DoctorRow {
  if (sign === "sure")
    return {
      quantity: "half turn",
      found: `told: ${mapLabel(map)}`,
      evidence:
        "by the curvature of the probe's wave front or by reconstruction with this probe; a probe that is the complex conjugate of the right one tells the opposite",
      sure: "sure",
      state: "fine",
    };
  return openRow(
    "half turn",
    `${mapLabel(map)} and ${mapLabel(halfTurned(map))} explain the same patterns, with the complex conjugates of object and probe: ${
      probeKnown
        ? "the probe is too close to its own conjugate, or the dose too low, to tell them apart"
        : "a probe whose defocus has a known sign tells them apart"
    }`,
  );
}

function defocusRow({ defocus, sign, map }: Orientation, geometry: Geometry | undefined): DoctorRow[] {
  if (defocus === undefined) return [];
  const { wavelengthM, objectPixelM } = geometry ?? {};
  const known = wavelengthM !== undefined && objectPixelM !== undefined;
  const metres = known ? (defocus * objectPixelM ** 2) / wavelengthM : undefined;
  const label = metres === undefined ? `${defocus.toFixed(0)} dx²/λ` : signedLength(metres);
  return [
    {
      quantity: "defocus",
      found: `${label}${defocus < 0 ? ", before the focus" : ", behind the focus"}${sign === "open" ? `, with this orientation; the opposite with ${mapLabel(halfTurned(map))}` : ""}`,
      value: metres ?? defocus,
      evidence: "how far shadows move on the detector when the beam moves on the object",
      sure: sign === "sure" ? "likely" : "unsure",
      state: "fine",
    },
  ];
}

const signed = (value: number): string => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)}`;

const signedLength = (metres: number): string => `${metres < 0 ? "−" : ""}${lengthLabel(Math.abs(metres))}`;

function evidenceOf({ shadows, deflection, trials }: Orientation): string {
  const angle = ({ angle, mirrored }: PlanarMap): string =>
    `${normalAngle(angle).toFixed(1)}°${mirrored ? " mirrored" : ""}`;
  return [
    ...(trials === undefined
      ? []
      : [
          `short reconstructions of ${trials.parts} parts predict unseen patterns with a deviance of ${trials.ranked
            .slice(0, 3)
            .map((trial) => `${trial.misfit.toPrecision(4)} (${mapLabel(trial.map)})`)
            .join(
              ", ",
            )} at best, ${trials.ranked[trials.ranked.length - 1].misfit.toPrecision(4)} at worst; the second is ${trials.ranked[1]?.deviations.toFixed(1)} standard errors behind, in ${trials.ranked[1]?.behind} of the parts`,
        ]),
    ...(shadows === undefined
      ? []
      : [
          `shadows of neighbours agree ${shadows.strength.toFixed(0)} σ at ${angle(shadows.map)}, ${shadows.mirroredStrength.toFixed(0)} σ mirrored, ${shadows.acrossStrength.toFixed(0)} σ a quarter turn off, in ${shadows.agreeing} of ${shadows.parts} parts; under any linear map the positions' axes are ${signed(shadows.skew)}° ± ${shadows.skewError.toFixed(1)}° from a right angle, and a step along y moves them ${shadows.aspect.toFixed(2)} ± ${shadows.aspectError.toFixed(2)} times as far as one along x`,
        ]),
    ...(deflection === undefined
      ? []
      : [
          `the deflection of the light is a gradient at ${angle(deflection.map)} up to ${(100 * deflection.curl).toFixed(0)} % of curl, ${(100 * deflection.mirroredCurl).toFixed(0)} % mirrored, in ${deflection.agreeing} of ${deflection.parts} parts`,
        ]),
  ].join("; ");
}
