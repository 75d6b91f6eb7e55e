import { optionAdvice } from "../scanOptions.ts";
import type { Finding } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** Patterns as a Fourier transform leaves them, with the zero frequency at index 0. A near field has none. */
export function zeroFrequency({ patterns, stated, geometry }: ScanFacts): Finding[] {
  if (patterns === undefined || stated.dcAt !== undefined || geometry?.propagation === "near-field") return [];
  const { dc, centroid, height, width } = patterns;
  const place = centroid.map((value) => value.toFixed(1)).join(", ");
  const evidence = `the mean pattern is centred at (${place}) of (${height}, ${width})`;
  if (dc === "corner")
    return [
      {
        severity: "error",
        what: "the zero frequency is at the corner",
        evidence,
        flag: optionAdvice("dcAt", "corner"),
      },
    ];
  if (dc === "elsewhere")
    return [{ severity: "warning", what: "the zero frequency is neither at the centre nor at the corner", evidence }];
  return [];
}
