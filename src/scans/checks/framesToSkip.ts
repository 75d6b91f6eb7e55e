import { type FrameChoice, frameRanges, unusedFrames } from "../../data/frameRanges.ts";
import { PtychonautError } from "../../errors.ts";
import { outliersOf } from "./outliers.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** Frames that a run is to leave out. */
export interface Skipping extends FrameChoice {
  /** Those that the checks find to stand out. */
  readonly skipOutlyingFrames: boolean;
}

/**
 * The frames to leave out, ascending.
 * @throws PtychonautError "usage" for frames that are not there, or when none is left
 */
export function framesToSkip(facts: ScanFacts, name: string, { skipOutlyingFrames, ...choice }: Skipping): number[] {
  const { count = 0 } = facts.patterns ?? {};
  const named = unusedFrames(choice, count);
  // A frame with numbers that no detector measures stands out, whatever the others are.
  const outlying = skipOutlyingFrames
    ? [...outliersOf(facts).map(({ frame }) => frame), ...(facts.patterns?.badFrames ?? [])]
    : [];
  const frames = [...new Set([...named, ...outlying])].sort((a, b) => a - b);
  if (frames.length < count || frames.length === 0) return frames;
  throw new PtychonautError("usage", "all frames of the scan are left out", { where: name, got: frameRanges(frames) });
}
