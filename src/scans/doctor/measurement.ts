import { short } from "../checks/finding.ts";
import { noiseCurve } from "./noise.ts";
import { by, type DoctorRow, openRow } from "./row.ts";
import type { PatternSample } from "./sample.ts";
import type { Subject } from "./subject.ts";

/**
 * Counts or their roots. A detector counts photons, so its values, or their squares, are whole multiples of one number: the
 * gain. Where something was done to them (interpolated, background subtracted) only their scatter is left: the variance of
 * counts goes with their mean, that of their roots does not depend on it.
 */
export function measurement({ sample, lattice, facts, stated }: Subject): readonly DoctorRow[] {
  const { patterns } = facts;
  if (sample === undefined || patterns === undefined || !(patterns.max > 0))
    return [openRow("measurement", "no patterns with light")];
  if (lattice === undefined) return [byScatter(sample)];
  const { kind, spacing, values, falseAlarm } = lattice;
  const dtype = /^u?int/.test(patterns.dtype) ? `dtype ${patterns.dtype}; ` : "";
  const gain = Math.abs(spacing - 1) < 1e-3 ? 1 : spacing;
  return [
    {
      quantity: "measurement",
      found: kind === "counts" ? "counts" : "amplitudes, roots of counts",
      value: kind,
      evidence: `${dtype}${kind === "counts" ? "the values" : "the squares"} are whole multiples of ${short(gain)} (${values} different ones looked at)`,
      ...by(falseAlarm),
      ...asStated(kind, patterns.dtype, stated.measurement),
    },
    gainRow(kind, gain, falseAlarm, stated),
  ];
}

/** Amplitudes in floating point are what reading takes them for. */
function asStated(
  kind: "counts" | "amplitude",
  dtype: string,
  stated: "counts" | "amplitude" | undefined,
): Pick<DoctorRow, "state" | "says"> {
  const assumed = stated ?? (/^u?int/.test(dtype) ? undefined : "amplitude");
  return assumed === kind ? { state: "fine" } : { state: "say", says: { measurement: kind } };
}

function gainRow(kind: "counts" | "amplitude", gain: number, falseAlarm: number, stated: Subject["stated"]): DoctorRow {
  return {
    quantity: "gain",
    found: gain === 1 ? "1: a count is a photon, if it is a counting detector" : `${short(gain)} a count`,
    value: gain,
    evidence: `the spacing of the ${kind === "counts" ? "values" : "squared values"}`,
    ...by(falseAlarm),
    ...(gain === 1 || stated.countsPerPhoton !== undefined
      ? { state: "fine" }
      : { state: "say", says: { countsPerPhoton: gain } }),
  };
}

/** Noise that was smoothed, and patterns without any, scatter by any law: what is left is a hint. */
function byScatter(sample: PatternSample): DoctorRow {
  const curve = noiseCurve(sample);
  const found = "cannot be told from the values";
  if (curve === undefined)
    return {
      ...openRow(
        "measurement",
        "they are no multiples of one number, and there is too little light to see how they scatter",
      ),
      found,
    };
  const { slope, error } = curve;
  return {
    ...openRow(
      "measurement",
      `no multiples of one number; their variance goes as the mean to the power of ${slope.toFixed(2)} ± ${error.toFixed(2)} (1 for counts, 0 for roots, 2 where no noise is seen)`,
    ),
    found,
  };
}
