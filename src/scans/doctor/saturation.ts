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
  const evidence = `the greatest value, ${short(top)} counts, comes ${atTop} times; the ${reach} values below it ${short(below / Math.max(1, reach))} times each`;
  if (falseAlarm > 1e-6)
    return [{ quantity: "saturation", found: "none seen", evidence, value: 0, ...by(1e-6), state: "fine" }];
  const full = Math.log2(top + 1);
  return [
    {
      quantity: "saturation",
      found: `at ${short(top)} counts`,
      value: top,
      evidence: `${evidence}; in ${pixels.size} pixels of ${percent(frames.size / sample.frames.length)} of the frames${Number.isInteger(full) ? `; it is 2^${full} − 1` : ""}`,
      ...by(falseAlarm),
      state: "trouble",
      advice: "mask these pixels where they matter: what they measured is lost",
    },
  ];
}
