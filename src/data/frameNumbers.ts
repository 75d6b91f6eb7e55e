import type { Patterns } from "./dataset.ts";

/** Frames of several scans, numbered through, scan after scan. */

/** The number of each scan's first frame. */
export function startsOf(scans: readonly { readonly count: number }[]): number[] {
  let next = 0;
  return scans.map(({ count }) => {
    next += count;
    return next - count;
  });
}

/** The scan that a frame is of, numbered through. */
export const scanOf = (starts: readonly number[], frame: number): number =>
  Math.max(
    0,
    starts.findLastIndex((start) => frame >= start),
  );

/** Frames that are numbered through, as each scan numbers its own. */
export function framesByScan(
  frames: readonly number[],
  scans: readonly { readonly patterns: Pick<Patterns, "count"> }[],
): number[][] {
  const starts = startsOf(scans.map(({ patterns }) => patterns));
  const own = scans.map((): number[] => []);
  for (const frame of frames) {
    const scan = scanOf(starts, frame);
    own[scan].push(frame - starts[scan]);
  }
  return own;
}
