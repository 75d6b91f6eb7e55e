import { frameRanges } from "../../data/frameRanges.ts";
import { setting } from "../../errors.ts";
import { frameList, short } from "../checks/finding.ts";
import { outliersOf } from "../checks/outliers.ts";
import { by, type DoctorRow, openRow } from "./row.ts";
import type { Subject } from "./subject.ts";

/** Part of the frames that can each be unlike the others by itself. */
const MOST_ALONE = 0.2;

/** Frames without light, with numbers that are none, and frames that do not go with their neighbours in the scan. */
export function frameFaults({ facts }: Subject): readonly DoctorRow[] {
  const { patterns, positions, skipped = [] } = facts;
  if (patterns === undefined) return [openRow("empty frames", "no patterns")];
  const { count } = patterns;
  const left = new Set(skipped);
  const [emptyFrames, badFrames] = [patterns.emptyFrames, patterns.badFrames].map((frames) =>
    frames.filter((frame) => !left.has(frame)),
  );
  const known = new Set([...emptyFrames, ...badFrames, ...skipped]);
  const list = (quantity: string, frames: readonly number[], evidence: string): DoctorRow => ({
    quantity,
    found: frames.length === 0 ? "none" : frameList(frames, count),
    value: frames,
    evidence,
    sure: "sure",
    state: frames.length === 0 ? "fine" : "trouble",
    ...(frames.length === 0 || frames.length === count ? {} : { says: { skipFrames: frameRanges(frames) } }),
  });
  const rows = [
    list("frames with bad numbers", badFrames, "NaN, infinite or negative values"),
    list("empty frames", emptyFrames, "no light in any pixel"),
  ];
  if (positions === undefined || positions.length !== 2 * count)
    return [...rows, openRow("outlying frames", "without positions nobody is anybody's neighbour")];
  const outlying = outliersOf(facts).filter(({ frame }) => !known.has(frame));
  const alone = outlying.length <= MOST_ALONE * count;
  const shown = outlying.slice(0, 4).map(({ frame, why, factor }) => `${frame} ${why} × ${short(factor)}`);
  return [
    ...rows,
    {
      quantity: "outlying frames",
      found: outlying.length === 0 ? "none" : `${outlying.length} of ${count}`,
      value: outlying.map(({ frame }) => frame),
      evidence:
        outlying.length === 0
          ? "none has four times the counts, twice the width or one pixel unlike its neighbours in the scan"
          : `${shown.join(", ")}${outlying.length > 4 ? " …" : ""}${alone ? "" : "; so many have their reason elsewhere: pixels, the order of the frames, or the sample"}`,
      // Six deviations of the scan's own spread, in each of the frames.
      ...by(alone ? 2e-9 * count : 1),
      state: outlying.length === 0 ? "fine" : "trouble",
      ...(outlying.length === 0 || !alone
        ? {}
        : {
            says: { skipFrames: frameRanges(outlying.map(({ frame }) => frame)) },
            advice: `or ${setting("skip_outlying_frames", true)}, which leaves out all such frames`,
          }),
    },
  ];
}
