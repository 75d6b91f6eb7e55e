import { short } from "../checks/finding.ts";
import { noiseCurve } from "./noise.ts";
import { by, type DoctorRow, openRow } from "./row.ts";
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
  if (lattice === undefined) return [byScatter({ sample, stated })];
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

function byScatter({ sample, stated }: Required<Pick<Subject, "sample" | "stated">>): DoctorRow {
  const curve = noiseCurve(sample);
  if (curve === undefined)
    return openRow(
      "measurement",
      "the values are no multiples of one number, and there is too little light to see how they scatter",
    );
  const { slope, error } = curve;
  const evidence = `no multiples of one number; their variance goes as the mean to the power of ${slope.toFixed(2)} ± ${error.toFixed(2)} (1 for counts, 0 for roots, 2 where no noise is seen)`;
  const near = (power: number): boolean => Math.abs(slope - power) < 0.25;
  if (!(near(0) || near(1)) || error > 0.1)
    return { ...openRow("measurement", evidence), found: "cannot be told from the values" };
  const kind = near(1) ? "counts" : "amplitude";
  return {
    quantity: "measurement",
    found: kind === "counts" ? "counts, on some scale" : "amplitudes, on some scale",
    value: kind,
    evidence,
    sure: "likely",
    ...asStated(kind, "float", stated.measurement),
  };
}
