import { torusCentre } from "../../data/torusCentre.ts";
import { percent, short } from "../checks/finding.ts";
import { probeField } from "../checks/probeField.ts";
import { optionAdvice } from "../scanOptions.ts";
import { probeFarField } from "./probeFarField.ts";
import { type DoctorRow, openRow } from "./row.ts";
import { meanCounts } from "./sample.ts";
import type { Subject } from "./subject.ts";

/** The probe by itself and against the patterns: size, edge, centre, phase, scale, modes. */
export function probe(subject: Subject): readonly DoctorRow[] {
  const { facts } = subject;
  const field = facts.probeField;
  if (field === undefined || facts.probe === undefined)
    return [openRow("probe", "there is none, or it is no complex image", optionAdvice("probeKey"))];
  const { diameter, modes } = facts.probe;
  const findings = probeField(facts);
  const place = findings.find(({ what }) => /centre is at|not in the middle/.test(what));
  const edge = findings.find(({ what }) => /edge of its window/.test(what));
  const flat = findings.find(({ what }) => /no phase/.test(what));
  const [height, width] = field.shape.slice(-2);
  return [
    {
      quantity: "probe",
      found: `${modes === 1 ? "one mode" : `${modes} modes`} of ${height} × ${width}, ${short(diameter)} pixels wide`,
      value: diameter,
      evidence: `the disk of the same second moment${modes === 1 ? "" : `; shares of the modes ${powers(field.data, modes).slice(0, 6).map(percent).join(", ")}`}`,
      sure: "sure",
      state: "fine",
    },
    ...((facts.patterns?.count ?? 0) === 0 ? [] : [scaleRow(subject)]),
    {
      quantity: "centre of the probe",
      found: place?.what ?? "in the middle of its window",
      value: place?.says?.probeAt ?? (place === undefined ? "center" : "elsewhere"),
      evidence: place?.evidence ?? "its energy is centred there",
      sure: "sure",
      state: place === undefined ? "fine" : place.says === undefined ? "trouble" : "say",
      ...(place?.says === undefined ? {} : { says: place.says }),
    },
    {
      quantity: "edge of the probe",
      found: edge?.what ?? "little light at the edge of its window",
      evidence: edge?.evidence ?? "less than 10 % of it",
      sure: "sure",
      state: edge === undefined ? "fine" : "trouble",
    },
    {
      quantity: "phase of the probe",
      found: flat?.what ?? "present",
      value: flat === undefined,
      evidence: flat?.evidence ?? "it is no real field times one number",
      sure: "sure",
      state: flat === undefined ? "fine" : "trouble",
      ...(flat?.flag === undefined ? {} : { advice: flat.flag }),
    },
    ...againstPatterns(subject),
    {
      ...openRow(
        "modes that the data need",
        "partial coherence, a vibrating sample and a wrong object look alike in the patterns: only reconstructions with one and with more modes tell",
      ),
      state: "fine",
    },
  ];
}

function powers(data: ArrayLike<number>, modes: number): number[] {
  const size = data.length / modes;
  const own = Array.from({ length: modes }, (_, mode) => {
    let sum = 0;
    for (let i = mode * size; i < (mode + 1) * size; i++) sum += data[i] ** 2;
    return sum;
  });
  const total = own.reduce((a, b) => a + b, 0);
  return own.map((value) => value / total);
}

function scaleRow({ facts: { probe: summary, frames }, kind, lattice }: Subject): DoctorRow {
  const counts = (kind === "counts" ? frames?.sums : frames?.energies) ?? new Float64Array();
  if (summary === undefined || counts.length === 0) return openRow("scale of the probe", "there are no patterns");
  const dose = counts.reduce((a, b) => a + b, 0) / counts.length;
  if (!(dose > 0)) return openRow("scale of the probe", "the patterns have no light");
  if (!(summary.energy > 0))
    return {
      quantity: "scale of the probe",
      found: "the probe is zero",
      value: 0,
      evidence: "Σ|P|² = 0",
      sure: "sure",
      state: "trouble",
    };
  const ratio = summary.energy / dose;
  const scaled = ratio >= 0.2 && ratio <= 5;
  return {
    quantity: "scale of the probe",
    found: scaled ? "that of the patterns" : `not that of the patterns: Σ|P|² is ${short(ratio)} times their counts`,
    value: ratio,
    evidence: `Σ|P|² = ${short(summary.energy)}, ${short(dose)} ${lattice === undefined ? "in a pattern" : "counts a pattern"}`,
    sure: scaled ? "likely" : "sure",
    state: "fine",
    ...(scaled ? {} : { advice: "reading scales it, so nothing need be done" }),
  };
}

/** How much narrower than the probe's own far field the patterns may be: an object spreads light, it never gathers it. */
const NARROWER = 0.75;

/**
 * The probe's far field beside the mean pattern. The mean over a scan is the probe's intensity spread out by the object, so
 * it cannot be much narrower; where it is, the probe belongs to another wavelength, distance or detector pixel.
 */
function againstPatterns({ facts, sample, kind, mask }: Subject): DoctorRow[] {
  const { probeField: field, patterns, geometry } = facts;
  if (field === undefined || sample === undefined || patterns === undefined) return [];
  const { height, width } = sample;
  const far = probeFarField(field, sample);
  if (far === undefined || geometry?.propagation === "near-field" || patterns.max <= 0) return [];
  const mean = meanCounts(sample, kind, 0, sample.frames.length);
  for (let i = 0; i < mean.length; i++) if (mask?.[i] === 0) mean[i] = 0;
  const [own, measured] = [widthOf(far, height, width), widthOf(mean, height, width)];
  const masked = mask?.some((value) => value === 0) === true;
  const narrow = !masked && measured < NARROWER * own;
  return [
    {
      quantity: "probe against the patterns",
      found: narrow
        ? "the patterns are narrower than the probe's own far field"
        : "the patterns are no narrower than its far field",
      value: measured / own,
      evidence: `median radius ${short(measured)} pixels measured, ${short(own)} of the probe alone`,
      sure: narrow ? "likely" : "unsure",
      state: narrow ? "trouble" : "fine",
    },
  ];
}

/** Radius about the centre of mass that holds half of the light, detector pixels. */
function widthOf(light: Float64Array, height: number, width: number): number {
  const { index } = torusCentre(light, height, width);
  const away = (i: number, centre: number, n: number): number => {
    const d = Math.abs(i - centre) % n;
    return Math.min(d, n - d);
  };
  const rings = new Float64Array(height + width);
  let total = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const r = Math.hypot(away(y, index[0], height), away(x, index[1], width));
      rings[Math.floor(r)] += light[y * width + x];
      total += light[y * width + x];
    }
  let sum = 0;
  for (let r = 0; r < rings.length; r++) {
    if (sum + rings[r] >= total / 2) return r + (total / 2 - sum) / Math.max(rings[r], Number.MIN_VALUE);
    sum += rings[r];
  }
  return 0;
}
