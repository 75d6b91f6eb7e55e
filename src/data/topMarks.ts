import type { TallyParts } from "./tallyParts.ts";

/** The largest values of a stack, where nothing is between them and the rest, which ends far below. */
export interface TopMarks {
  /** Bits of the integers whose end they are at. */
  readonly bits: number;
  readonly count: number;
  readonly most: number;
  /** The greatest of all others. */
  readonly next: number;
}

/** As many values at the end of a type of integers are marks, or small numbers below zero without their sign. */
const AT_END = 256;

const BITS = [16, 32] as const;

/** Collects values, one after the other, to find such marks in 16 and 32 bits. Smaller types have no room for them. */
export function markTally(): TallyParts & { add(value: number): void; result(): TopMarks | undefined } {
  const ends = BITS.map((bits) => 2 ** bits);
  const counts = new Float64Array(BITS.length);
  const below = new Float64Array(BITS.length);
  const most = new Float64Array(1);
  return {
    added: [counts],
    greatest: [below, most],
    add(value) {
      if (value > most[0]) most[0] = value;
      for (let k = 0; k < ends.length; k++) {
        if (value >= ends[k] - AT_END) counts[k]++;
        else if (value > below[k]) below[k] = value;
      }
    },
    result() {
      const k = ends.findIndex((end) => most[0] >= end - AT_END && most[0] < end);
      if (k < 0 || below[k] >= ends[k] / 2) return undefined;
      return { bits: BITS[k], count: counts[k], most: most[0], next: below[k] };
    },
  };
}
