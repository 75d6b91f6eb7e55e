import { lengthLabel } from "../../optics/units.ts";
import { counted, printableLine } from "../../printable.ts";
import { type Finding, percent, short } from "../checks/finding.ts";
import { arrayRows, foldedNote } from "./arrayRows.ts";
import type { ScanInspection } from "./inspectScan.ts";
import { table } from "./table.ts";

/** An inspection as text for a terminal, findings last and gravest first. */
export function inspectReport(inspection: ScanInspection): string {
  const lines = [
    inspection.name,
    "",
    "Arrays",
    ...table(arrayRows(inspection.arrays)),
    ...foldedNote(inspection.arrays),
    "",
    "Scan",
    ...table(facts(inspection)),
    "",
    ...findingLines(inspection.findings),
  ];
  return `${lines.join("\n")}\n`;
}

function facts({
  format,
  patterns,
  probe,
  scan,
  object,
  mask,
  photonsPerPattern,
  geometry,
  roles,
}: ScanInspection): string[][] {
  const rows: string[][] = [];
  if (format !== undefined) {
    const says = Object.entries(format.says).map(([setting, value]) => `${setting} ${value}`);
    rows.push(["format", `${format.name}: ${format.title} (${printableLine(format.evidence)})`]);
    if (says.length > 0) rows.push(["it says", says.join(", ")]);
  }
  if (patterns !== undefined) {
    const { dose } = patterns;
    rows.push(
      [
        "patterns",
        `${patterns.count} of ${patterns.height} × ${patterns.width}, ${patterns.dtype} (${roles.patterns})`,
      ],
      ["measurement", patterns.measurement],
      // Of no numbers there is no least.
      ...(patterns.min > patterns.max ? [] : [["values", `${short(patterns.min)} to ${short(patterns.max)}`]]),
      ...(patterns.count === 0
        ? []
        : [["dose", `${short(dose.mean)} counts a pattern (${short(dose.min)} to ${short(dose.max)})`]]),
      ["zero frequency", zeroFrequency[patterns.dc]],
    );
  }
  if (mask !== undefined)
    rows.push(["mask", `takes ${percent(mask.pixels)} of the pixels and ${percent(mask.counts)} of the counts`]);
  if (photonsPerPattern !== undefined) rows.push(["stated dose", `${short(photonsPerPattern)} photons a pattern`]);
  if (probe !== undefined)
    rows.push([
      "probe",
      `${counted(probe.modes, "mode")}, diameter ${short(probe.diameter)} pixels, Σ|P|² = ${short(probe.energy)}`,
    ]);
  if (scan !== undefined) {
    const extent = [0, 1].map((axis) => short(scan.greatest[axis] - scan.least[axis]));
    rows.push(
      ["positions", `${scan.count}, extent ${extent.join(" × ")} pixels, median step ${short(scan.step)}`],
      ...(scan.overlap === undefined
        ? []
        : [["overlap", `${(100 * scan.overlap).toFixed(0)} % with the nearest neighbour`]]),
    );
  }
  if (object !== undefined) rows.push(["object", `(${object.shape.join(", ")})`]);
  if (geometry !== undefined) rows.push(...geometryFacts(geometry));
  return rows;
}

function geometryFacts(geometry: NonNullable<ScanInspection["geometry"]>): string[][] {
  const { propagation, radiation, wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM, missing } = geometry;
  const known = [
    ...(wavelengthM === undefined ? [] : [`${radiation ?? "wave"} of ${lengthLabel(wavelengthM, 4)}`]),
    ...(detectorDistanceM === undefined ? [] : [`${lengthLabel(detectorDistanceM, 4)} to the detector`]),
    ...(detectorPixelM === undefined ? [] : [`detector pixels of ${lengthLabel(detectorPixelM, 4)}`]),
  ];
  return [
    ["geometry", [propagation, ...known].join(", ")],
    [
      "object pixel",
      objectPixelM === undefined ? `not known without ${missing.join(", ")}` : lengthLabel(objectPixelM, 4),
    ],
  ];
}

const zeroFrequency = {
  center: "at the center",
  corner: "at the corner",
  elsewhere: "neither at centre nor corner",
  unclear: "cannot be told: the mean pattern is flat",
} as const;

function findingLines(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return ["Nothing suspicious."];
  const order: readonly Finding["severity"][] = ["error", "warning", "note"];
  const sorted = order.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
  return [
    "Findings",
    ...sorted.flatMap(({ severity, what, evidence, flag }) => [
      `  ${severity.padEnd(8)}${what}`,
      `          ${evidence}`,
      ...(flag === undefined ? [] : [`          → ${flag}`]),
    ]),
    ...flagLine(sorted),
  ];
}

/** All settings that reading needs, to be copied; what only the user knows stands as a choice, or open. */
function flagLine(findings: readonly Finding[]): string[] {
  const flags = findings.flatMap(({ flag }) =>
    flag !== undefined && /^`\S+=\S+`( `\S+=\S+`)*$/.test(flag) ? [flag] : [],
  );
  if (flags.length === 0) return [];
  const has = (sign: string): boolean => flags.some((flag) => flag.includes(sign));
  return [
    "",
    `Flags  ${flags.join(" ")}`,
    ...(has("|") ? ["       (of a|b, keep the one that is true)"] : []),
    ...(has("=…") ? ["       (… is for you to say: metres, or the other settings that the finding names)"] : []),
  ];
}
