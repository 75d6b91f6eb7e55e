import { PtychonautError } from "../errors.ts";
import type { Dataset } from "./dataset.ts";

/** `17,40-52`: frames and stretches of frames, first and last included. */
export const frameRangesPattern: RegExp = /^\s*\d+(\s*-\s*\d+)?(\s*,\s*\d+(\s*-\s*\d+)?)*\s*$/;

/**
 * Frames as text to frames, ascending, each once.
 * @throws PtychonautError "usage" when it is no such text, or names a frame that is not there
 */
export function parseFrameRanges(text: string, count: number): number[] {
  const wrong = (expected: string, got: string): PtychonautError =>
    new PtychonautError("usage", "these are no frames of the scan", { expected, got });
  if (!frameRangesPattern.test(text)) throw wrong("frames and ranges of frames, like 17,40-52", text);
  const frames = new Set<number>();
  for (const part of text.split(",")) {
    const [first, last = first] = part.split("-").map(Number);
    if (first > last || last >= count) throw wrong(`0 to ${count - 1}, in ascending order`, part.trim());
    for (let frame = first; frame <= last; frame++) frames.add(frame);
  }
  return [...frames].sort((a, b) => a - b);
}

/** Ascending frames as such a text. */
export function frameRanges(frames: readonly number[]): string {
  const parts: string[] = [];
  for (let k = 0; k < frames.length; ) {
    let end = k;
    while (frames[end + 1] === frames[end] + 1) end++;
    parts.push(end === k ? `${frames[k]}` : `${frames[k]}-${frames[end]}`);
    k = end + 1;
  }
  return parts.join(",");
}

/** The frames of a scan that are used, ascending: all but those that were left out. */
export function framesInUse({ patterns, skipped = [] }: Dataset): number[] {
  const left = new Set(skipped);
  return Array.from({ length: patterns.count }, (_, frame) => frame).filter((frame) => !left.has(frame));
}
