import { arrays } from "./arrays.ts";
import { beamCentre } from "./beamCentre.ts";
import { beamIntensity } from "./beamIntensity.ts";
import { dose } from "./dose.ts";
import { frameFaults } from "./frameFaults.ts";
import { frameOrder } from "./frameOrder.ts";
import { geometry } from "./geometry.ts";
import { mask } from "./mask.ts";
import { measurement } from "./measurement.ts";
import { pedestal } from "./pedestal.ts";
import { pixelFaults } from "./pixelFaults.ts";
import { positions } from "./positions.ts";
import { probe } from "./probe.ts";
import { type DoctorRow, openRow } from "./row.ts";
import { sampling } from "./sampling.ts";
import { saturation } from "./saturation.ts";
import type { Subject } from "./subject.ts";

/**
 * One kind of thing that a scan's numbers tell and its file does not say. A measurement is a file here and a line below. It
 * claims nothing that the numbers do not tell: its rows say how sure they are, by a statistic whose false alarm rate they
 * give, or that they could not measure, and why.
 */
export type DoctorMeasurement = (subject: Subject) => readonly DoctorRow[] | Promise<readonly DoctorRow[]>;

interface Listed {
  readonly measure: DoctorMeasurement;
  /** What its rows are about, for the word that it was left out. */
  readonly about: string;
  /** Patterns below which it has nothing to say. Default 0. */
  readonly patterns?: number;
  /** The same of frames, with patterns or only with positions. */
  readonly frames?: number;
}

/** In the order of the table. */
const measurements: readonly Listed[] = [
  { measure: arrays, about: "arrays" },
  { measure: measurement, about: "counts or amplitudes", patterns: 1 },
  { measure: pedestal, about: "a pedestal", patterns: 2 },
  { measure: saturation, about: "saturation", patterns: 1 },
  { measure: beamCentre, about: "the zero frequency", patterns: 1 },
  { measure: mask, about: "the mask", patterns: 1 },
  { measure: pixelFaults, about: "dead and hot pixels", patterns: 2 },
  { measure: frameFaults, about: "frames that stand out", patterns: 2 },
  { measure: beamIntensity, about: "flicker and drift", patterns: 2 },
  { measure: positions, about: "the positions", frames: 2 },
  { measure: frameOrder, about: "the order of the frames", patterns: 2 },
  { measure: sampling, about: "the sampling", patterns: 1 },
  { measure: probe, about: "the probe" },
  { measure: geometry, about: "the geometry" },
  { measure: dose, about: "the dose", patterns: 1 },
];

/** How many patterns there are, and frames: those with a position where there are no patterns. */
function countsOf({ facts: { patterns, positions: places } }: Subject): { patterns: number; frames: number } {
  const frames = patterns?.count ?? (places === undefined ? Number.POSITIVE_INFINITY : places.length / 2);
  return { patterns: patterns?.count ?? 0, frames };
}

/** Orientations are told by neighbours. */
export const hasNeighbours = (subject: Subject): boolean => countsOf(subject).patterns > 1;

/** All rows; what takes more frames than there are is left out, which the first one says. */
export async function measured(subject: Subject): Promise<DoctorRow[]> {
  const counts = countsOf(subject);
  const rows: DoctorRow[] = [];
  const left: string[] = [];
  for (const { measure, about, patterns = 0, frames = 0 } of measurements) {
    if (counts.patterns < patterns || counts.frames < frames) left.push(about);
    else rows.push(...(await measure(subject)));
  }
  if (left.length === 0) return rows;
  const few = counts.patterns === 0 ? "no patterns" : "one pattern";
  const evidence = `nothing can be said of ${[...left, ...(hasNeighbours(subject) ? [] : ["the orientation"])].join(", ")}`;
  const frames = { ...openRow("frames", evidence), found: `${few}: not enough frames`, value: counts.patterns };
  return [frames, ...rows];
}
