import { percent } from "../checks/finding.ts";
import { noValidPixel } from "../checks/usable.ts";
import { optionAdvice } from "../scanOptions.ts";
import { type DoctorRow, openRow } from "./row.ts";
import type { Subject } from "./subject.ts";

/** Masks that take more away are usually ones with their values the other way round. */
const MOST = 0.5;

/** What the file's mask takes away, and whether it is right way round. */
export function mask({ facts: { mask: taken, patterns }, stated }: Subject): readonly DoctorRow[] {
  if (patterns === undefined) return [];
  if (taken === undefined)
    return [
      { ...openRow("mask", "the file has none that fits the patterns"), found: "none", sure: "sure", state: "fine" },
    ];
  const evidence = `it takes ${percent(taken.pixels)} of the pixels and ${percent(taken.counts)} of the counts`;
  const { validInFile } = taken;
  const says = { maskValid: validInFile === 1 ? 0 : 1 } as const;
  if (taken.pixels === 1)
    return [{ quantity: "mask", found: noValidPixel(validInFile).what, evidence, sure: "sure", state: "say", says }];
  const turned = stated.maskValid === undefined && taken.pixels > MOST && taken.counts > MOST;
  if (!turned)
    return [
      {
        quantity: "mask",
        found: "takes little of the light",
        value: taken.counts,
        evidence,
        sure: "likely",
        state: taken.counts > MOST ? "trouble" : "fine",
      },
    ];
  // Pixels that are masked for a reason have no light, or far too much; the whole pattern has a reason only in a mask that is turned over.
  const sure = taken.counts > 0.9 && taken.pixels > 0.8 ? "sure" : "likely";
  return [
    {
      quantity: "mask",
      found: `takes the patterns away: ${says.maskValid === 0 ? "zero" : "one"} stands for valid pixels`,
      value: taken.counts,
      evidence,
      sure,
      state: "say",
      says,
      advice: `or ${optionAdvice("maskValid", `${validInFile}`)} if it is right`,
    },
  ];
}
