import { frameRanges } from "../../data/frameRanges.ts";
import { type DefectivePixel, type PixelDefects, regionText } from "../../data/pixelDefects.ts";
import { setting } from "../../errors.ts";
import { type Finding, frameList } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** Frames and pixels that no detector should give. */
export function pixels({ patterns, frames: byFrame, mask, skipped = [], stated }: ScanFacts): Finding[] {
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
  // Where the mask takes everything nothing is seen of the patterns, and `maskShare` says so; of none reading does.
  const unseen = mask?.pixels === 1 || patterns.count === 0;
  if (!unseen && byFrame?.sums.every((sum) => sum === 0) === true)
    findings.push({
      severity: "error",
      what: "the patterns are all zero",
      evidence: `no counts in ${patterns.count} frames${byFrame.masked.pixels > 0 ? ", on the pixels that the mask leaves" : ""}`,
    });
  else if (!unseen && empty.length > 0)
    findings.push({
      severity: "warning",
      what: "empty frames",
      evidence: frames(empty),
      flag: `${setting("skip_frames", frameRanges(empty))} leaves them out`,
    });
  // What is found is masked when the scan is read so.
  return stated.findBadPixels === true ? findings : [...findings, ...defective(patterns.defects)];
}

/** Pixels that no frame tells anything of, or that tell what is not so; all frames have them. */
function defective({ dead, hot, gaps }: PixelDefects): Finding[] {
  const few = (list: readonly DefectivePixel[]): string =>
    `${list.length}: ${list
      .slice(0, 5)
      .map(({ at: [y, x] }) => `(${y}, ${x})`)
      .join(" ")}${list.length > 5 ? " …" : ""}`;
  const found: readonly (readonly [what: string, evidence: string | undefined])[] = [
    ["dead pixels", dead.length === 0 ? undefined : few(dead)],
    ["hot pixels", hot.length === 0 ? undefined : few(hot)],
    ["pixels without light among lit ones", gaps.length === 0 ? undefined : gaps.map(regionText).join(", ")],
  ];
  return found.flatMap(([what, evidence]): Finding[] =>
    evidence === undefined
      ? []
      : [{ severity: "warning", what, evidence, flag: `${setting("find_bad_pixels", true)} masks them` }],
  );
}
