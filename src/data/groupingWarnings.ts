import { setting } from "../errors.ts";
import type { Groups } from "./grouping.ts";
import { describeParts, listFrames, pixelsOf, scanParts } from "./scanParts.ts";

/**
 * A word about a scan whose windows do not all hang together by overlap.
 * @param positions `[frame, 2]` as (y, x), object pixels, of the whole scan
 * @param window side of the patterns' windows, pixels
 * @param frames those that are used
 */
export function partsWarning(positions: Float64Array, window: number, frames: readonly number[]): string[] {
  const parts = scanParts(positions, window, frames);
  const away = describeParts(positions, parts);
  if (away === undefined) return [];
  return [
    `the scan falls into ${parts.length} parts whose windows of ${window} pixels share no overlap: ${away}; ` +
      "no group reaches from one to another, and nothing ties their phases together; " +
      `${setting("skip_frames")} leaves frames out`,
  ];
}

/** A word about patterns that lead no group since the others are too far away. */
export function loneFramesWarning({ size, lone = [] }: Groups): string[] {
  if (lone.length === 0) return [];
  const farthest = lone.reduce((a, b) => (b.distance > a.distance ? b : a));
  const many = lone.length === 1 ? "pattern leads" : "patterns lead";
  return [
    `${lone.length} ${many} no group of ${size}, since too few windows overlap: ` +
      `${listFrames(lone.map(({ frame }) => frame))}; ` +
      `frame ${farthest.toward} lies ${pixelsOf(farthest.distance)} pixels from frame ${farthest.frame}`,
  ];
}
