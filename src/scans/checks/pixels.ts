import { frameRanges } from "../../data/frameRanges.ts";
import type { PatternStatistics } from "../../data/patternStatistics.ts";
import { setting } from "../../errors.ts";
import { type Finding, frameList } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** Frames and pixels that no detector should give. */
export function pixels({ patterns, frames: byFrame, mask, skipped = [] }: ScanFacts): Finding[] {
  if (patterns === undefined) return [];
  const findings: Finding[] = [];
  const frames = (list: readonly number[]): string => frameList(list, patterns.count);
  const left = new Set(skipped);
  const bad = patterns.badFrames.filter((frame) => !left.has(frame));
  if (bad.length > 0)
    findings.push({
      severity: "error",
      what: "frames with NaN, infinite or negative values",
      evidence: frames(bad),
      ...(bad.length < patterns.count
        ? { flag: setting("skip_frames", frameRanges([...bad, ...skipped].sort((a, b) => a - b))) }
        : {}),
    });
  const empty = patterns.emptyFrames.filter((frame) => !left.has(frame));
  // Where the mask takes everything nothing is seen of the patterns, and `maskShare` says so.
  const unseen = mask?.pixels === 1;
  if (!unseen && byFrame?.sums.every((sum) => sum === 0) === true)
    findings.push({
      severity: "error",
      what: "the training patterns are all zero",
      evidence: `no counts in ${patterns.count} frames${byFrame.masked.pixels > 0 ? ", on the pixels that the mask leaves" : ""}`,
    });
  else if (!unseen && empty.length > 0)
    findings.push({
      severity: "warning",
      what: "empty frames",
      evidence: frames(empty),
      flag: `${setting("skip_frames", frameRanges(empty))} leaves them out`,
    });
  const few = (list: PatternStatistics["hotPixels"]): string =>
    `${list.length}: ${list
      .slice(0, 5)
      .map(([y, x]) => `(${y}, ${x})`)
      .join(" ")}${list.length > 5 ? " …" : ""}`;
  if (patterns.deadPixels.length > 0)
    findings.push({ severity: "warning", what: "dead pixels", evidence: few(patterns.deadPixels) });
  if (patterns.hotPixels.length > 0)
    findings.push({ severity: "warning", what: "hot pixels", evidence: few(patterns.hotPixels) });
  return findings;
}
