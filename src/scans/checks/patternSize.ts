import { sideAdvice, sideRule } from "../../data/patternSide.ts";
import { optionAdvice } from "../scanOptions.ts";
import type { Finding } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** Patterns of a size that no network takes; engines take any square. */
export function patternSize({ patterns, stated, forEngines = false }: ScanFacts): Finding[] {
  if (patterns === undefined || stated.cropTo !== undefined || stated.padTo !== undefined) return [];
  const { height, width } = patterns;
  const advice = forEngines && height === width ? undefined : sideAdvice(height, width);
  if (advice === undefined) return [];
  const { crop, pad } = advice;
  const padding = optionAdvice("padTo", `${pad}`);
  return [
    {
      severity: "error",
      what: height === width ? "no network takes patterns of this size" : "patterns are not square",
      evidence: `${height} × ${width}; networks take ${sideRule}`,
      flag: crop === undefined ? padding : `${optionAdvice("cropTo", `${crop}`)}, or ${padding}`,
      says: { padTo: pad },
    },
  ];
}
