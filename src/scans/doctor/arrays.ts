import { missingRoles } from "../inspect/roles.ts";
import type { ScanOptions } from "../scanOptions.ts";
import type { DoctorRow } from "./row.ts";
import type { Subject } from "./subject.ts";

/** Which array plays which part, where the file does not name them as reading expects. */
export function arrays({ inspection: { roles, format }, stated }: Subject): readonly DoctorRow[] {
  if (format !== undefined)
    return [
      {
        quantity: "format",
        found: format.name,
        value: format.name,
        evidence: `${format.title}: ${format.evidence}`,
        sure: "sure",
        state: "fine",
      },
    ];
  const missing = missingRoles(roles, stated).map(
    ({ what, evidence, flag }): DoctorRow => ({
      ...{ quantity: "arrays", found: what, evidence, sure: "sure", state: "trouble" },
      ...(flag === undefined ? {} : { advice: flag }),
    }),
  );
  const role = (
    what: string,
    key: string | undefined,
    usual: readonly string[],
    option: keyof ScanOptions,
  ): DoctorRow[] => {
    if (key === undefined || usual.includes(key) || stated[option] !== undefined) return [];
    return [
      {
        quantity: what,
        found: `in "${key}"`,
        value: key,
        evidence: `by its shape and dtype${usual.length === 0 ? "" : `; the usual name is ${usual.join(" or ")}`}`,
        sure: "sure",
        state: "say",
        says: { [option]: key },
      },
    ];
  };
  return [
    ...missing,
    ...role("array of the patterns", roles.patterns, ["diffraction", "diff3d"], "patternsKey"),
    ...role("array of the probe", roles.probe, ["probeGuess"], "probeKey"),
    ...(roles.positions?.length === 1 ? role("array of the positions", roles.positions[0], [], "positionsKey") : []),
  ];
}
