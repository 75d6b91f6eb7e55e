import { frameRanges } from "../../data/frameRanges.ts";
import { describeScans, scanNumbers } from "../../data/scanNumbers.ts";
import { canvasLimit, describeParts, type ScanPart, scanParts } from "../../data/scanParts.ts";
import { setting } from "../../errors.ts";
import type { Finding } from "./finding.ts";

/** Several scans in one file: what they are, and how to take one. */
export function judgeScanNumbers(scanIndex: Int32Array | undefined): Finding[] {
  const numbers = scanNumbers(scanIndex);
  if (numbers.length < 2) return [];
  const counts = numbers.slice(0, 3).map((number) => {
    const count = scanIndex?.filter((own) => own === number).length;
    return `${count} patterns of scan ${number}`;
  });
  return [
    {
      severity: "warning",
      what: `the file holds ${describeScans(numbers)}: training and inference take each by itself`,
      evidence: `${counts.join(", ")}${numbers.length > counts.length ? " …" : ""}`,
      flag: `${setting("scan_index", numbers[0])} for one of them`,
    },
  ];
}

/**
 * Whether windows hang together by overlap, and whether an object that holds all of them can be put together.
 * @param positions `[frame, 2]` as (y, x), object pixels
 * @param window side of the windows, pixels
 */
export function judgeExtent(positions: Float64Array, window: number): Finding[] {
  const parts = scanParts(positions, window);
  const away = describeParts(positions, parts);
  const findings: Finding[] = [];
  if (away !== undefined)
    findings.push({
      severity: "warning",
      what: `the scan falls into ${parts.length} parts that share no overlap`,
      evidence: `windows of ${window} pixels; ${away}`,
      flag: leavingOut(parts),
    });
  const [height, width] = [0, 1].map((axis) => Math.ceil(extentAlong(positions, axis)) + window);
  const limit = canvasLimit(positions, parts, window);
  if (height * width > limit)
    findings.push({
      severity: "warning",
      what: "the scan needs too large a canvas: inference refuses it",
      evidence: `${height} × ${width} pixels, at most ${Math.round(limit)}`,
      flag: `${parts.length > 1 ? `${leavingOut(parts)}; ` : ""}${setting("max_canvas_pixels")} (of infer) if positions are in object pixels and the scan really is this large`,
    });
  return findings;
}

/** How to leave out all but the largest part: by name where those are few. */
function leavingOut(parts: readonly ScanPart[]): string {
  const frames = strayFrames(parts);
  const few = frames.length > 0;
  return few
    ? `${setting("skip_frames", frameRanges(frames))} leaves them out`
    : `${setting("skip_frames")} leaves frames out`;
}

/** The frames outside the largest part, ascending, where they are few beside it; else none: the scan has several parts. */
export function strayFrames([largest, ...others]: readonly ScanPart[]): number[] {
  const frames = others.flatMap((part) => part.frames).sort((a, b) => a - b);
  return FEW * frames.length <= largest.frames.length ? frames : [];
}

/** Stray frames are at most one in so many. */
const FEW = 10;

function extentAlong(positions: Float64Array, axis: number): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let k = axis; k < positions.length; k += 2) {
    low = Math.min(low, positions[k]);
    high = Math.max(high, positions[k]);
  }
  return high - low;
}
