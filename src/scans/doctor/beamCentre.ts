import { beamCentre as centreOf } from "../../data/beamCentre.ts";
import { normalTail } from "../../numerics/chance.ts";
import { optionAdvice } from "../scanOptions.ts";
import { by, type DoctorRow, openRow } from "./row.ts";
import { meanCounts } from "./sample.ts";
import type { Subject } from "./subject.ts";
import { trustedPixels } from "./validPixels.ts";

/** Stretches of the scan whose centres are compared. */
const STRETCHES = 8;
/** Off by less than this, pixels, nothing is the worse for it. */
const OFF = 1;

/**
 * Where the zero frequency sits, and where the beam's centre is to a part of a pixel. The centre is that of the mean pattern's
 * bright part (`data/beamCentre`), as preparing finds it. Its error is the scatter of the centres of eight stretches of the scan: an object bends light to
 * one side here and to the other there.
 */
export function beamCentre(subject: Subject): readonly DoctorRow[] {
  const { sample, stated, facts, kind } = subject;
  if (sample === undefined || facts.patterns === undefined || facts.patterns.max <= 0)
    return [openRow("zero frequency", "no patterns with light")];
  if (facts.geometry?.propagation === "near-field")
    return [{ ...openRow("zero frequency", "in a near field patterns are images of the sample"), state: "fine" }];
  const { height, width, frames } = sample;
  const mask = trustedPixels(subject);
  const sides = [height, width] as const;
  const whole = centreOf(meanCounts(sample, kind, 0, frames.length), sides, mask);
  if (whole === undefined) return [openRow("zero frequency", "the mean pattern is flat: its light has no centre")];
  const stretches = Math.min(STRETCHES, frames.length);
  const centres = Array.from({ length: stretches }, (_, k) => {
    const [from, to] = [k, k + 1].map((part) => Math.floor((part * frames.length) / stretches));
    return centreOf(meanCounts(sample, kind, from, to), sides, mask);
  }).filter((centre) => centre !== undefined);
  const parts = centres.length;
  const errors = [0, 1].map((axis) => {
    const n = [height, width][axis];
    const away = centres.map((centre) => wrapped(centre[axis] - whole[axis], n));
    return Math.sqrt(away.reduce((sum, value) => sum + value ** 2, 0) / Math.max(1, parts * (parts - 1)));
  });
  const error = parts < 3 ? Number.POSITIVE_INFINITY : Math.hypot(errors[0], errors[1]) / Math.SQRT2;
  const targets = { center: [Math.floor(height / 2), Math.floor(width / 2)], corner: [0, 0] } as const;
  const distance = (place: keyof typeof targets): number =>
    Math.hypot(wrapped(whole[0] - targets[place][0], height), wrapped(whole[1] - targets[place][1], width));
  const place = distance("corner") < distance("center") ? "corner" : "center";
  const other = place === "corner" ? "center" : "corner";
  // How many standard errors nearer to the one than to the other: half the difference is where it would be undecided.
  const falseAlarm = Math.min(1, 2 * normalTail((distance(other) - distance(place)) / 2 / Math.max(error, 1e-3)));
  const at = whole.map((value) => value.toFixed(2)).join(", ");
  const evidence = `the mean pattern is centred at (${at}) ± ${parts < 3 ? "what few frames do not tell" : error.toFixed(2)} of (${height}, ${width}), ${distance(place).toFixed(1)} pixels from the ${place}`;
  const assumed = stated.dcAt ?? "center";
  const centreRows =
    parts < 3
      ? // Of one frame nothing is said that takes several.
        parts < 2
        ? []
        : [openRow("beam centre", "it takes three frames to see how far it is to be trusted")]
      : [offCentre(whole, targets[place], [height, width], error)];
  if (distance(place) > Math.min(height, width) / 4)
    return [
      { ...openRow("zero frequency", evidence), found: "neither at centre nor corner", state: "trouble" },
      ...centreRows,
    ];
  return [
    {
      quantity: "zero frequency",
      found: place === "corner" ? "at the corner, index 0" : "at the centre, index floor(n/2)",
      value: place,
      evidence,
      ...by(falseAlarm),
      ...(assumed === place ? { state: "fine" } : { state: "say", says: { dcAt: place } }),
    },
    ...centreRows,
  ];
}

function offCentre(
  index: readonly [number, number],
  target: readonly [number, number],
  sides: readonly [number, number],
  error: number,
): DoctorRow {
  const off = [0, 1].map((axis) => wrapped(index[axis] - target[axis], sides[axis]));
  const distance = Math.hypot(off[0], off[1]);
  // Two axes: the chance of a Rayleigh deviate beyond it.
  const falseAlarm = Math.exp(-((distance / Math.max(error, 1e-3)) ** 2) / 2);
  const away = `(${off.map((value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`).join(", ")})`;
  const isOff = distance > OFF + 2 * error;
  return {
    quantity: "beam centre",
    found: isOff ? `off by ${away} pixels` : "where it belongs",
    value: index,
    evidence: `(row, column) ${away} ± ${error.toFixed(2)} pixels from index (${target.join(", ")}); less than ${(OFF + 2 * error).toFixed(1)} is not told from none`,
    ...(isOff ? by(falseAlarm) : { sure: error < OFF ? "sure" : "unsure" }),
    state: isOff ? "trouble" : "fine",
    // As patterns are read: with the zero frequency at index floor(n/2).
    ...(isOff
      ? {
          advice: optionAdvice(
            "beamCenter",
            off.map((value, axis) => (Math.floor(sides[axis] / 2) + value).toFixed(2)).join(","),
          ),
        }
      : {}),
    limit: OFF + 2 * error,
  };
}

const modulo = (value: number, n: number): number => ((value % n) + n) % n;

/** Into −n/2 … n/2. */
const wrapped = (value: number, n: number): number => modulo(value + n / 2, n) - n / 2;
