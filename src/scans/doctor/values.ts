import type { Measurement } from "../../data/dataset.ts";
import { type Lattice, latticeOf } from "./lattice.ts";
import { LIKELY } from "./row.ts";
import type { PatternSample } from "./sample.ts";

/** What the values of patterns are, where they are whole multiples of one number, or their squares are. */
export interface ValueLattice extends Lattice {
  readonly kind: Measurement;
}

/** Undefined where neither the values nor their squares are. */
export function valueLattice({ data }: PatternSample): ValueLattice | undefined {
  const own = latticeOf(data);
  // Roots of counts below two are counts as well: where the values will do, they are what was counted.
  if (own !== undefined && own.falseAlarm < LIKELY) return { ...own, kind: "counts" };
  const squares = latticeOf(data.map((value) => value * value));
  return squares !== undefined && squares.falseAlarm < LIKELY ? { ...squares, kind: "amplitude" } : undefined;
}
