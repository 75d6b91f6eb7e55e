import { frameRanges } from "../../data/frameRanges.ts";
import { type OutlyingFrame, outlyingFrames } from "../../data/outlyingFrames.ts";
import { setting } from "../../errors.ts";
import { type Finding, short } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** Frames that do not go with their neighbours: one of them can spoil a whole training. */
export function outliers(facts: ScanFacts): Finding[] {
  const { patterns } = facts;
  // Those without any light are a finding of their own.
  const known = new Set([...(patterns?.emptyFrames ?? []), ...(patterns?.badFrames ?? []), ...(facts.skipped ?? [])]);
  const found = outliersOf(facts).filter(({ frame }) => !known.has(frame));
  if (found.length === 0 || patterns === undefined) return [];
  const shown = found.slice(0, 5).map(({ frame, why, factor }) => `frame ${frame} ${words[why]} ${short(factor)}`);
  return [
    {
      severity: "warning",
      what: "frames unlike their neighbours in the scan",
      evidence: `${found.length} of ${patterns.count}: ${shown.join("; ")}${found.length > 5 ? "; …" : ""}`,
      flag: advice(found.map(({ frame }) => frame)),
    },
  ];
}

/** How to leave frames out: those that are found, or those that are named. */
function advice(frames: readonly number[]): string {
  const named = setting("skip_frames", frameRanges(frames));
  return `${setting("skip_outlying_frames", true)} leaves all such frames out, ${named} these`;
}

/** Neighbours are those of the same scan, where a file holds several. */
export function outliersOf({ frames, patterns, positions, scanIndex }: ScanFacts): readonly OutlyingFrame[] {
  if (frames === undefined || patterns === undefined || positions === undefined) return [];
  if (positions.length !== 2 * patterns.count) return [];
  return outlyingFrames(frames, patterns.measurement, positions, scanIndex);
}

const words: Readonly<Record<OutlyingFrame["why"], string>> = {
  bright: "has the counts of those beside it times",
  dark: "has the counts of those beside it times",
  "hot pixel": "has one pixel brighter than around it and in the others by a factor of",
  unlike: "has the width of those beside it times",
};
