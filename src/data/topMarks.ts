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

/** Collects values, one after the other, to find such marks in 16 and 32 bits. Smaller types have no room for them. */
export function markTally(): { add(value: number): void; result(): TopMarks | undefined } {
  const ends = [16, 32].map((bits) => ({ bits, end: 2 ** bits, count: 0, next: 0 }));
  let most = 0;
  return {
    add(value) {
      if (value > most) most = value;
      for (const each of ends) {
        if (value >= each.end - AT_END) each.count++;
        else if (value > each.next) each.next = value;
      }
    },
    result() {
      const found = ends.find(({ end }) => most >= end - AT_END && most < end);
      if (found === undefined || found.next >= found.end / 2) return undefined;
      return { bits: found.bits, count: found.count, most, next: found.next };
    },
  };
}
