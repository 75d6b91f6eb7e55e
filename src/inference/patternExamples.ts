import type { PatternPair } from "../pictures/patternsFigure.ts";
import type { FramePattern } from "./dataFit.ts";

/** Patterns shown beside their sum. */
const SHOWN = 3;

/** Keeps some of the patterns that are compared, for a picture of them, and the sum of all. */
export interface PatternExamples {
  add(pattern: FramePattern): void;
  /** The sum of all first. */
  pairs(): readonly PatternPair[];
}

/** @param side N, of patterns of N × N */
export function patternExamples(side: number): PatternExamples {
  const sum = { measured: new Float64Array(side * side), modelled: new Float64Array(side * side) };
  const kept: FramePattern[] = [];
  let count = 0;
  return {
    add({ frame, measured, modelled }) {
      for (let i = 0; i < measured.length; i++) {
        sum.measured[i] += measured[i];
        sum.modelled[i] += modelled[i];
      }
      count++;
      // The first one, and one at each doubling: some of the whole scan, however long it is.
      if ((count & (count - 1)) !== 0) return;
      kept.push({ frame, measured: measured.slice(), modelled: modelled.slice() });
      if (kept.length > SHOWN) kept.splice(1, 1);
    },
    pairs: () => [
      { title: `sum of ${count}`, ...sum },
      ...kept.map(({ frame, measured, modelled }) => ({ title: `frame ${frame}`, measured, modelled })),
    ],
  };
}
