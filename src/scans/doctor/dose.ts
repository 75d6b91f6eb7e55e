import { lengthLabel } from "../../optics/units.ts";
import { short } from "../checks/finding.ts";
import { inPixels, positionUnit } from "../checks/positionUnit.ts";
import { type DoctorRow, openRow } from "./row.ts";
import type { Subject } from "./subject.ts";

/** Standard deviations at which a feature is told from noise: Rose, J. Opt. Soc. Am. 38, 196 (1948). */
const ROSE = 5;
/** Phases of features, radians: a strong one and a weak one. */
const PHASES = [1, 0.1] as const;

/**
 * How many photons the scan has, and which detail they can show at best. n photons through a feature give its phase to no
 * better than 1/(2√n), the shot noise limit (Carruthers & Nieto, Rev. Mod. Phys. 40, 411 (1968)), which ptychography comes near
 * to (Wei et al., Phys. Rev. A 102, 043516 (2020)). With Rose's criterion a phase φ over d² needs n = F d² = (5 / 2φ)², F the
 * photons over all frames on an area of the object: d = 5 / (2 φ √F). An object that absorbs, or that scatters past the
 * detector, shows less.
 */
export function dose({ facts, kind, lattice }: Subject): readonly DoctorRow[] {
  const { frames, scan, probe, geometry, patterns } = facts;
  if (frames === undefined || patterns === undefined) return [openRow("dose", "there are no patterns")];
  if (lattice === undefined)
    return [openRow("dose", "the values are no counts: what a photon is among them is not known")];
  const values = kind === "counts" ? frames.sums : frames.energies;
  const total = values.reduce((a, b) => a + b, 0) / lattice.spacing;
  const perFrame = total / values.length;
  const row: DoctorRow = {
    quantity: "dose",
    found: `${short(perFrame)} counts a pattern`,
    value: perFrame,
    evidence: `${short(total)} in ${values.length} patterns, on the pixels that the mask leaves`,
    sure: "sure",
    state: "fine",
  };
  const telling =
    scan !== undefined && inPixels(facts) && !positionUnit(facts).some(({ severity }) => severity === "error");
  if (!telling || probe === undefined || !(probe.diameter > 0) || !(total > 0))
    return [row, openRow("resolution that the dose supports", "it takes light, positions in pixels and a probe")];
  const [height, width] = [0, 1].map((axis) => scan.greatest[axis] - scan.least[axis] + probe.diameter);
  const fluence = total / (height * width);
  const label = (pixels: number): string =>
    geometry?.objectPixelM === undefined ? `${short(pixels)} pixels` : lengthLabel(pixels * geometry.objectPixelM, 3);
  const details = PHASES.map((phase) => Math.max(1, ROSE / (2 * phase * Math.sqrt(fluence))));
  return [
    row,
    {
      quantity: "resolution that the dose supports",
      found: PHASES.map((phase, k) => `${label(details[k])} at ${phase} rad`).join(", "),
      value: details,
      evidence: `${short(fluence)} photons on a pixel of the object over all frames; d = 5 / (2 φ √F), at best a pixel`,
      sure: "likely",
      state: "fine",
    },
  ];
}
