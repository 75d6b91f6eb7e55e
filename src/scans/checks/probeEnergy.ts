import { anotherProbe } from "../missingPart.ts";
import { type Finding, short } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** The probe's size and energy against the patterns'. */
export function probeEnergy({ probe, patterns }: ScanFacts): Finding[] {
  if (probe === undefined || patterns === undefined) return [];
  const [height, width] = (
    probe.shape.at(-1) === 1 && probe.shape.length === 3 ? probe.shape : probe.shape.slice(-2)
  ) as [number, number];
  const findings: Finding[] = [];
  if (height !== patterns.height || width !== patterns.width)
    findings.push({
      severity: "error",
      what: "the probe is not of the patterns' size",
      evidence: `${height} × ${width} against ${patterns.height} × ${patterns.width}`,
    });
  const ratio = probe.energy / patterns.dose.mean;
  if (!(probe.energy > 0))
    findings.push({
      severity: "error",
      what: probe.energy === 0 ? "the probe is zero" : "the probe is not finite",
      evidence: `Σ|P|² = ${probe.energy}`,
      flag: anotherProbe,
    });
  else if (ratio < 0.2 || ratio > 5)
    findings.push({
      severity: "note",
      what: "the probe is not scaled to the data; reading scales it, so nothing need be done",
      evidence: `Σ|P|² = ${short(probe.energy)} against ${short(patterns.dose.mean)} counts a pattern`,
    });
  return findings;
}
