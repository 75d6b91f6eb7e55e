import { setting } from "../../errors.ts";
import { optionAdvice } from "../scanOptions.ts";
import { type Finding, percent } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** Counts or amplitudes: integers are the one, their roots the other. */
export function measurement({ patterns, stated }: ScanFacts): Finding[] {
  if (patterns === undefined || stated.measurement !== undefined) return [];
  const { dtype, integers, rootsOfIntegers } = patterns;
  if (/^u?int/.test(dtype))
    return [
      {
        severity: "error",
        what: "integer patterns: counts, not amplitudes",
        evidence: `dtype ${dtype}, largest value ${patterns.max}`,
        flag: optionAdvice("measurement", "counts"),
      },
    ];
  if (integers > 0.99)
    return [
      {
        severity: "error",
        what: "the patterns look like counts, and would be read as amplitudes",
        evidence: `${percent(integers)} of the non-zero values are integers`,
        flag: optionAdvice("measurement", "counts"),
      },
    ];
  if (rootsOfIntegers > 0.99)
    return [
      {
        severity: "note",
        what: "amplitudes: square roots of counts",
        evidence: `the squares of ${percent(rootsOfIntegers)} of the values below 64 are integers`,
      },
    ];
  return [
    {
      severity: "note",
      what: "read as amplitudes; the dose cannot be told from the values",
      evidence: `${percent(integers)} of the values and ${percent(rootsOfIntegers)} of their squares are integers`,
      flag: `${optionAdvice("measurement", "counts")} if they are intensities; ${setting("nphotons")} (of train and infer) states the dose`,
    },
  ];
}
