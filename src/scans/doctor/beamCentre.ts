import { torusCentre } from "../../data/torusCentre.ts";
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
 * Where the zero frequency sits, and where the beam's centre is to a part of a pixel. The centre is that of the mean pattern
 * (the phase of its first Fourier coefficients, which a constant background does not move); masked pixels take the value on
 * the other side of it. Its error is the scatter of the centres of eight stretches of the scan: an object bends light to
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
  const whole = centreOf(meanCounts(sample, kind, 0, frames.length), mask, height, width);
  if (whole.concentration < FLAT)
    return [openRow("zero frequency", "the mean pattern is flat: its light has no centre")];
  const parts = Math.min(STRETCHES, frames.length);
  const centres = Array.from({ length: parts }, (_, k) => {
    const [from, to] = [k, k + 1].map((part) => Math.floor((part * frames.length) / parts));
    return centreOf(meanCounts(sample, kind, from, to), mask, height, width).index;
  });
  const errors = [0, 1].map((axis) => {
    const n = [height, width][axis];
    const away = centres.map((centre) => wrapped(centre[axis] - whole.index[axis], n));
    return Math.sqrt(away.reduce((sum, value) => sum + value ** 2, 0) / Math.max(1, parts * (parts - 1)));
  });
  const error = parts < 3 ? Number.POSITIVE_INFINITY : Math.hypot(errors[0], errors[1]) / Math.SQRT2;
  const targets = { center: [Math.floor(height / 2), Math.floor(width / 2)], corner: [0, 0] } as const;
  const distance = (place: keyof typeof targets): number =>
    Math.hypot(wrapped(whole.index[0] - targets[place][0], height), wrapped(whole.index[1] - targets[place][1], width));
  const place = distance("corner") < distance("center") ? "corner" : "center";
  const other = place === "corner" ? "center" : "corner";
  // How many standard errors nearer to the one than to the other: half the difference is where it would be undecided.
  const falseAlarm = Math.min(1, 2 * normalTail((distance(other) - distance(place)) / 2 / Math.max(error, 1e-3)));
  const at = whole.index.map((value) => value.toFixed(2)).join(", ");
  const evidence = `the mean pattern is centred at (${at}) ± ${parts < 3 ? "what few frames do not tell" : error.toFixed(2)} of (${height}, ${width}), ${distance(place).toFixed(1)} pixels from the ${place}`;
  const assumed = stated.dcAt ?? "center";
  const centreRows =
    parts < 3
      ? // Of one frame nothing is said that takes several.
        parts < 2
        ? []
        : [openRow("beam centre", "it takes three frames to see how far it is to be trusted")]
      : [offCentre(whole.index, targets[place], [height, width], error)];
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

const FLAT = 0.05;

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

interface Centre {
  readonly index: readonly [number, number];
  readonly concentration: number;
}

/** Masked pixels take the value of the pixel opposite, about a centre that is found so in a few rounds. */
function centreOf(mean: Float64Array, mask: ArrayLike<number> | undefined, height: number, width: number): Centre {
  let found = torusCentre(mean, height, width);
  if (mask === undefined || !mean.some((_, i) => mask[i] === 0)) return found;
  for (let round = 0; round < 5; round++) {
    const [cy, cx] = found.index;
    const filled = mean.map((value, i) => {
      if (mask[i] !== 0) return value;
      const y = modulo(Math.round(2 * cy - Math.floor(i / width)), height);
      const x = modulo(Math.round(2 * cx - (i % width)), width);
      return mask[y * width + x] === 0 ? 0 : mean[y * width + x];
    });
    found = torusCentre(filled, height, width);
  }
  return found;
}

const modulo = (value: number, n: number): number => ((value % n) + n) % n;

/** Into −n/2 … n/2. */
const wrapped = (value: number, n: number): number => modulo(value + n / 2, n) - n / 2;
