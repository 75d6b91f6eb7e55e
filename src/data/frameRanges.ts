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

/** `0-99,200-400/4,/10`: frames, stretches of them, every so manieth of a stretch or of all. */
export const frameChoicePattern: RegExp =
  /^\s*(\d+(-\d+(\/[1-9]\d*)?)?|\/[1-9]\d*)(\s*,\s*(\d+(-\d+(\/[1-9]\d*)?)?|\/[1-9]\d*))*\s*$/;

/** @throws PtychonautError "usage" as `parseFrameRanges` does */
function chosenFrames(text: string, count: number): number[] {
  if (!frameChoicePattern.test(text))
    throw new PtychonautError("usage", "these are no frames of the scan", {
      expected: "frames, ranges of frames and steps, like 0-99,200-400/4,/10",
      got: text,
    });
  return text.split(",").flatMap((part) => {
    const [range, step = "1"] = part.trim().split("/");
    const frames = parseFrameRanges(range === "" ? `0-${count - 1}` : range, count);
    return frames.filter((_, k) => k % Number(step) === 0);
  });
}

/** Which frames of a scan are used, as text. */
export interface FrameChoice {
  /** Those that are used. Default: all. */
  readonly useFrames?: string | null | undefined;
  /** Those of them that are not. */
  readonly skipFrames?: string | null | undefined;
}

/**
 * The frames that are left out, ascending.
 * @throws PtychonautError "usage" for what is no such text, or frames that are not there
 */
export function unusedFrames({ useFrames, skipFrames }: FrameChoice, count: number): number[] {
  const left = new Set(typeof skipFrames === "string" ? parseFrameRanges(skipFrames, count) : []);
  const used = typeof useFrames === "string" ? new Set(chosenFrames(useFrames, count)) : undefined;
  return Array.from({ length: count }, (_, frame) => frame).filter(
    (frame) => left.has(frame) || used?.has(frame) === false,
  );
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
