import type { AddressOption } from "../addresses.ts";
import type { Finding } from "../checks/finding.ts";
import { missingAdvice, missingWords, type Role } from "../missingPart.ts";
import type { ScanParts } from "../parts.ts";
import { optionAdvice, type ScanOptions } from "../scanOptions.ts";
import type { ScanRoles } from "../scanRoles.ts";

/** What no array seems to be, and nothing stated stands for. For `inspect` only: readers say it themselves. */
export function missingRoles(roles: ScanRoles, stated: ScanOptions): Finding[] {
  return usualNames(stated)
    .filter(({ part, address }) => stated[address] === undefined && keyOf(roles, part) === undefined)
    .map(({ part, what, usual }) => ({
      severity: "error",
      what: `no ${what} found`,
      evidence: `no array is named ${usual.join(" or ")}`,
      flag: missingAdvice[part],
    }));
}

/** What a format does not find, and nothing stated stands for, all of it: reading stops at the first. */
export function missingParts(parts: ScanParts, { probeModel }: ScanOptions, where: string): Finding[] {
  const roles: readonly Role[] = ["patterns", "positions", "probe"];
  return roles
    .filter((part) => parts[part] === undefined && !(part === "probe" && probeModel !== undefined))
    .map((part) => ({
      severity: "error",
      what: missingWords(part),
      evidence: where,
      flag: missingAdvice[part],
    }));
}

interface RoleNames {
  readonly part: Role;
  readonly what: string;
  readonly usual: readonly string[];
  readonly option: keyof ScanOptions;
  readonly address: AddressOption;
}

/** The parts that a scan's arrays must be; a probe is built and a raster laid out where settings say so. */
function usualNames({ probeModel, scanStep }: ScanOptions): RoleNames[] {
  const all: readonly RoleNames[] = [
    {
      ...{ part: "patterns", what: "patterns", usual: ["diffraction", "diff3d"] },
      ...{ option: "patternsKey", address: "patterns" },
    },
    { part: "probe", what: "probe values", usual: ["probeGuess"], option: "probeKey", address: "probeFile" },
    {
      ...{ part: "positions", what: "positions", usual: ["xcoords", "xcoords_start"] },
      ...{ option: "positionsKey", address: "positions" },
    },
  ];
  return all.filter(({ part }) => {
    if (part === "probe") return probeModel === undefined;
    return part !== "positions" || scanStep === undefined;
  });
}

const keyOf = ({ patterns, probe, positions }: ScanRoles, part: Role): string | undefined =>
  part === "patterns" ? patterns : part === "probe" ? probe : positions?.[0];

/** Which arrays must be named. For `inspect` only: readers want it said. */
export function judgeRoles(roles: ScanRoles, stated: ScanOptions): Finding[] {
  const findings: Finding[] = missingRoles(roles, stated);
  for (const { part, what, usual, option, address } of usualNames(stated)) {
    const key = keyOf(roles, part);
    // Whoever gives an address has named the array.
    if (stated[address] !== undefined || key === undefined || usual.includes(key) || stated[option] !== undefined)
      continue;
    findings.push({
      severity: "error",
      what: `the ${what} seem to be in "${key}"`,
      evidence: `by shape and dtype; the usual name is ${usual.join(" or ")}`,
      flag: optionAdvice(option, key),
    });
  }
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
