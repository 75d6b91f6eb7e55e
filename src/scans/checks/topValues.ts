import { setting } from "../../errors.ts";
import type { Finding } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** Values at the end of a type of integers, far above all others: whatever they are, they are no counts. */
export function topValues({ patterns }: ScanFacts): Finding[] {
  const marks = patterns?.marks;
  if (marks === undefined) return [];
  const { bits, count, most, next } = marks;
  return [
    {
      severity: "warning",
      what: `values at the end of ${bits} bits, far above all others`,
      evidence:
        `${count} of up to ${most}, the next are ${next} at most: marks of bad pixels, light that was cut off, ` +
        "or numbers below zero that lost their sign",
      flag: `${setting("mask_file", "FILE::ARRAY")} or ${setting("find_bad_pixels", true)} for pixels that always have them; signs are to be mended in the file`,
    },
  ];
}
