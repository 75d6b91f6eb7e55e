import { frameRanges } from "../../data/frameRanges.ts";
import { nearestNeighbours } from "../../data/neighbours.ts";
import { scanNumbers } from "../../data/scanNumbers.ts";
import { scanParts } from "../../data/scanParts.ts";
import { setting } from "../../errors.ts";
import { type Finding, frameList, percent, short } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** As part of all frames: a position or two may be exposed twice, many are two scans in one file. */
const MANY = 0.2;

/** Repeated and lost positions, and overlap. */
export function scanPath(facts: ScanFacts): Finding[] {
  const { scan } = facts;
  if (scan === undefined) return [];
  const findings: Finding[] = [];
  const { duplicates, count } = scan;
  if (duplicates.length > 0)
    findings.push({
      severity: duplicates.length > MANY * count ? "warning" : "note",
      what: "frames at the same position",
      evidence: frameList(duplicates, count),
    });
  const lost = lostFrames(facts);
  if (lost.length > 0)
    findings.push({
      severity: "warning",
      what: "positions far from all others",
      evidence: frameList(lost, count),
      flag: `${setting("skip_frames", frameRanges(lost))} leaves them out`,
    });
  if (scan.overlap !== undefined && scan.overlap < 0.3)
    findings.push({
      severity: "warning",
      what: "neighbouring probes hardly overlap",
      evidence: `${percent(scan.overlap)} at a step of ${short(scan.step)} pixels`,
      ...(facts.geometry?.detectorDistanceM === undefined || facts.stated.geometry?.propagation !== undefined
        ? {}
        : { flag: nearFieldAdvice }),
    });
  return findings;
}

/** With far-field pixels, which are too small for it, a near field's windows lie apart. */
const nearFieldAdvice = `a near field looks like this too: inspect with ${setting("doctor")} measures it, ${setting("propagation", "near-field")} says it`;

/**
 * Of those many steps away, the ones whose window has less than half in common with any other that is left. Frames of
 * another part share nothing with the rest and are named with that part (`judgeExtent`, `partsWarning`), not here too.
 */
export function lostFrames({ scan, positions, patterns, scanIndex, skipped = [] }: ScanFacts): readonly number[] {
  if (scan === undefined || positions === undefined || patterns === undefined) return scan?.outliers ?? [];
  const half = Math.min(patterns.height, patterns.width) / 2;
  const out = new Set(skipped);
  const all = Array.from({ length: positions.length / 2 }, (_, frame) => frame).filter((frame) => !out.has(frame));
  const lost = nearestNeighbours(positions, all, 1, scan.outliers).flatMap(([frame, other]) => {
    if (other === undefined || out.has(frame)) return [];
    const distance = Math.hypot(
      positions[2 * frame] - positions[2 * other],
      positions[2 * frame + 1] - positions[2 * other + 1],
    );
    return distance >= half ? [frame] : [];
  });
  if (lost.length === 0) return lost;
  const numbers = scanNumbers(scanIndex);
  const scans = numbers.length < 2 ? [all] : numbers.map((own) => all.filter((frame) => scanIndex?.[frame] === own));
  const apart = new Set(
    scans.flatMap((frames) => scanParts(positions, patterns.height, frames).slice(1)).flatMap(({ frames }) => frames),
  );
  return lost.filter((frame) => !apart.has(frame));
}
