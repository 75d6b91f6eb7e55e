import type { AddressOption } from "../addresses.ts";
import type { Finding } from "../checks/finding.ts";
import { optionAdvice, type ScanOptions } from "../scanOptions.ts";
import type { ScanRoles } from "../scanRoles.ts";

/** Which arrays must be named. For `inspect` only: readers want it said. */
export function judgeRoles(roles: ScanRoles, stated: ScanOptions): Finding[] {
  const findings: Finding[] = [];
  const role = (
    what: string,
    key: string | undefined,
    usual: readonly string[],
    option: keyof ScanOptions,
    address: AddressOption,
  ): void => {
    // Whoever gives an address has named the array.
    if (stated[address] !== undefined) return;
    if (key === undefined)
      findings.push({
        severity: "error",
        what: `no ${what} found`,
        evidence: `no array is named ${usual.join(" or ")}`,
      });
    else if (!usual.includes(key) && stated[option] === undefined)
      findings.push({
        severity: "error",
        what: `the ${what} seem to be in "${key}"`,
        evidence: `by shape and dtype; the usual name is ${usual.join(" or ")}`,
        flag: optionAdvice(option, key),
      });
  };
  role("patterns", roles.patterns, ["diffraction", "diff3d"], "patternsKey", "patterns");
  if (stated.probeModel === undefined) role("probe values", roles.probe, ["probeGuess"], "probeKey", "probeFile");
  if (stated.scanStep === undefined)
    role("positions", roles.positions?.[0], ["xcoords", "xcoords_start"], "positionsKey", "positions");
  if (roles.positions?.length === 1 && stated.positionOrder === undefined && stated.scanStep === undefined)
    findings.push({
      severity: "error",
      what: "the order of the position columns must be stated",
      evidence: "one array of pairs; nothing in the numbers tells (row, column), yx, from (column, row), xy",
      flag: optionAdvice("positionOrder", "yx|xy"),
    });
  if (
    stated.objectFile === undefined &&
    roles.object !== undefined &&
    roles.object !== "objectGuess" &&
    stated.objectKey === undefined
  )
    findings.push({
      severity: "note",
      what: `"${roles.object}" may be a reference object`,
      evidence: "a complex image",
      flag: optionAdvice("objectKey", roles.object),
    });
  return findings;
}
