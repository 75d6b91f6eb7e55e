import { poissonTail } from "../../numerics/chance.ts";
import { percent, short } from "../checks/finding.ts";
import { by, type DoctorRow, openRow } from "./row.ts";
import type { Subject } from "./subject.ts";
import { trustedPixels } from "./validPixels.ts";

/** In standard deviations of a count: how far below the greatest value the comparison reaches. */
const REACH = 3;

/**
 * Values cut off at a greatest one. The greatest of scattered values is met once or a few times, and more often the lower
 * values are: so many at the very top as below it on average would be what a tail looks like that does not even fall. More
 * of them pile up only where something stops them.
 */
export function saturation(subject: Subject): readonly DoctorRow[] {
  const { sample, lattice } = subject;
  if (sample === undefined) return [openRow("saturation", "no patterns")];
  if (lattice === undefined)
    return [openRow("saturation", "the values are no counts, so how often each comes says nothing")];
  const trusted = trustedPixels(subject);
  const { data, height, width } = sample;
  const size = height * width;
  const counts = (i: number): number =>
    trusted[i % size] === 0
      ? Number.NaN
      : Math.round((lattice.kind === "counts" ? data[i] : data[i] * data[i]) / lattice.spacing);
  let top = 0;
  for (let i = 0; i < data.length; i++) if (counts(i) > top && counts(i) < Number.POSITIVE_INFINITY) top = counts(i);
  const reach = Math.min(top, Math.max(4, Math.ceil(REACH * Math.sqrt(top))));
  let [atTop, below] = [0, 0];
  const frames = new Set<number>();
  const pixels = new Set<number>();
  for (let i = 0; i < data.length; i++) {
    const value = counts(i);
    if (value === top) {
      atTop++;
      frames.add(Math.floor(i / size));
      pixels.add(i % size);
    } else if (value >= top - reach) below++;
  }
  const usual = Math.max(1, below / Math.max(1, reach));
  // One pixel that has one value in all frames is a pixel's fault, or there is no noise at all.
  const falseAlarm = frames.size < 3 ? 1 : poissonTail(atTop, usual);
  const evidence = `the greatest value, ${top} counts, comes ${atTop} times; the ${reach} values below it ${short(below / Math.max(1, reach))} times each`;
  if (falseAlarm > 1e-6)
    return [{ quantity: "saturation", found: "none seen", evidence, value: 0, ...by(1e-6), state: "fine" }];
  const full = Math.log2(top + 1);
  const apart = highestBut(top, data.length, counts);
  return [
    {
      quantity: "saturation",
      found: `at ${top} counts`,
      value: top,
      evidence: `${evidence}; in ${pixels.size} pixels of ${percent(frames.size / sample.frames.length)} of the frames${Number.isInteger(full) ? `; it is 2^${full} − 1` : ""}${apart === undefined ? "" : `; the next below are ${apart} at most: a mark of bad pixels looks the same, and so do numbers below zero that were stored without a sign`}`,
      ...by(apart === undefined ? falseAlarm : 1),
      state: "trouble",
      advice: "mask these pixels where they matter: what they measured is lost",
    },
  ];
}

/** Largest numbers of unsigned integers; a number below zero that lost its sign is not far below. */
const LARGEST = [2 ** 8, 2 ** 16, 2 ** 32] as const;
const NEAR_LARGEST = 0.99;
/** What scatters up to a limit comes at half of it too. */
const GAP = 0.5;

/** The greatest value that is not near the top, if the top is near that of a type of integers and nothing is between. */
function highestBut(top: number, length: number, counts: (i: number) => number): number | undefined {
  const largest = LARGEST.find((end) => top < end && top >= NEAR_LARGEST * end);
  if (largest === undefined) return undefined;
  let highest = 0;
  for (let i = 0; i < length; i++) {
    const value = counts(i);
    if (value < NEAR_LARGEST * largest && value > highest) highest = value;
  }
  return highest < GAP * largest ? highest : undefined;
}
