import { percent, short } from "../checks/finding.ts";
import { inPixels, positionUnit } from "../checks/positionUnit.ts";
import { type DoctorRow, openRow } from "./row.ts";
import type { Subject } from "./subject.ts";

/** Less is hardly a ptychographic scan. */
const LEAST_OVERLAP = 0.3;
/** What scans are best made with: Bunk et al., Ultramicroscopy 108, 481 (2008). */
const GOOD_OVERLAP = 0.6;

/** How far neighbouring probes overlap, and whether the detector's pixels are fine enough for the probe. */
export function sampling({ facts }: Subject): readonly DoctorRow[] {
  const { scan, probe, patterns } = facts;
  if (probe === undefined || !(probe.diameter > 0))
    return [openRow("overlap", "there is no probe"), openRow("sampling", "there is no probe")];
  const telling =
    scan !== undefined && inPixels(facts) && !positionUnit(facts).some(({ severity }) => severity === "error");
  const step = telling ? scan.step : undefined;
  return [
    // A window alone overlaps with none.
    ...(scan?.count === 1 ? [] : [overlapRow(step, scan?.overlap, probe.diameter)]),
    samplingRow(step, probe.diameter, patterns),
  ];
}

function overlapRow(step: number | undefined, overlap: number | undefined, diameter: number): DoctorRow {
  if (step === undefined || overlap === undefined) return openRow("overlap", "the positions are not known in pixels");
  const weak = overlap < LEAST_OVERLAP;
  return {
    quantity: "overlap",
    found: `${percent(overlap)} with the nearest neighbour${weak ? ": too little" : ""}`,
    value: overlap,
    evidence: `a disk of the probe's second moment, ${short(diameter)} pixels, at a step of ${short(step)} (median); about ${percent(GOOD_OVERLAP)} and more is usual`,
    sure: "likely",
    state: weak ? "trouble" : "fine",
  };
}

/**
 * A pattern alone is sampled finely enough where the window is twice as wide as the probe: then its Fourier transform, the
 * autocorrelation of the exit wave, fits into the window. Overlap makes up for less: of a whole scan the window has to be
 * wider than the step (Edo et al., Phys. Rev. A 87, 053850 (2013)).
 */
function samplingRow(step: number | undefined, diameter: number, patterns: Subject["facts"]["patterns"]): DoctorRow {
  if (patterns === undefined) return openRow("sampling", "there are no patterns");
  const window = Math.min(patterns.height, patterns.width);
  const ratio = window / diameter;
  const byScan = step !== undefined && step > 0 ? window / step : undefined;
  const fine = ratio >= 2 || (byScan !== undefined && byScan >= 4);
  return {
    quantity: "sampling",
    found: `window over probe ${ratio.toFixed(2)}${ratio >= 2 ? "" : fine ? ": each pattern alone is undersampled, the overlap makes up for it" : ": undersampled"}`,
    value: ratio,
    evidence: `window of ${window}, probe of ${short(diameter)} pixels (second moment; its rim reaches farther)${byScan === undefined ? "" : `; window over step ${byScan.toFixed(1)}`}`,
    sure: "likely",
    state: fine ? "fine" : "trouble",
  };
}
