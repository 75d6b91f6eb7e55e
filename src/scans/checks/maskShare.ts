import { optionAdvice } from "../scanOptions.ts";
import { type Finding, percent } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";
import { allMasked, noValidPixel } from "./usable.ts";

/** A mask that takes most away is usually one with its values the other way round. */
export function maskShare({ mask, patterns, stated }: ScanFacts): Finding[] {
  if (mask?.pixels === 1) {
    const { what, fix } = noValidPixel(mask.validInFile);
    const counted = patterns === undefined ? "" : `${allMasked(patterns.height * patterns.width)}, `;
    return [{ severity: "error", what, evidence: `${counted}100 % of them`, flag: fix }];
  }
  if (mask === undefined || stated.maskValid !== undefined) return [];
  if (mask.pixels <= 0.5 && mask.counts <= 0.5) return [];
  const other = 1 - mask.validInFile;
  return [
    {
      severity: "warning",
      what: "the mask takes most of the patterns away",
      evidence: `${percent(mask.pixels)} of the pixels and ${percent(mask.counts)} of the counts`,
      flag: `${optionAdvice("maskValid", `${other}`)} if ${other} stands for valid pixels in this file`,
    },
  ];
}
