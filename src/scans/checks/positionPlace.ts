import { scanParts } from "../../data/scanParts.ts";
import { optionAdvice } from "../scanOptions.ts";
import { middleOf } from "../scanPositions.ts";
import { type Finding, short } from "./finding.ts";
import { strayFrames } from "./scanExtent.ts";
import type { ScanFacts, ScanSummary } from "./scanFacts.ts";

/** Whether positions are window centres in the object: other programs count from its middle, or name corners. */
export function positionPlace(facts: ScanFacts): Finding[] {
  const { scan, patterns, object, stated } = facts;
  if (scan === undefined || patterns === undefined || stated.positionOrigin === "centered") return [];
  const { least, greatest } = rangeOfMost(facts) ?? scan;
  const window = [patterns.height, patterns.width] as const;
  const evidence = `y from ${short(least[0])} to ${short(greatest[0])}, x from ${short(least[1])} to ${short(greatest[1])}`;
  const axes = [0, 1] as const;
  const fits = (toStart: (axis: 0 | 1) => number, slack = 0): boolean =>
    axes.every((axis) => {
      const start = toStart(axis);
      const size = object?.shape[axis] ?? Number.POSITIVE_INFINITY;
      return least[axis] + start >= -slack && greatest[axis] + start + window[axis] <= size + slack;
    });
  const half = (axis: 0 | 1): number => Math.floor(window[axis] / 2);
  // Without an object the origin is free, and nothing that is computed depends on it.
  const severity = object === undefined ? "note" : "error";
  if (axes.some((axis) => least[axis] < 0)) {
    if (stated.positionOrigin !== undefined) return [];
    const middle = object === undefined ? undefined : middleOf(object);
    // A window or two over the edge say nothing.
    const slack = Math.min(...axes.map(half)) / 2;
    const fromMiddle =
      middle === undefined || fits((axis) => middle[axis] - half(axis), slack) || fits((axis) => middle[axis], slack);
    if (!fromMiddle)
      return [
        {
          severity,
          what: "positions are negative: not indices into the object",
          evidence: `${evidence}; counted from its middle, windows do not lie in the object of ${object?.shape.join(" × ")} either`,
          flag: `${optionAdvice("positionOrigin", "absolute")} if they are right as they are, else correct the file`,
        },
      ];
    const centred = axes.every((axis) => {
      const extent = greatest[axis] - least[axis];
      return Math.abs(greatest[axis] + least[axis]) / 2 <= 0.1 * extent;
    });
    const findings: Finding[] = [
      {
        severity,
        what: centred ? "positions are centred on zero" : "positions are negative: not indices into the object",
        evidence,
        flag: optionAdvice("positionOrigin", "centered"),
        says: { positionOrigin: "centered" },
      },
    ];
    if (stated.positionReference !== undefined) return findings;
    const asCentre = middle === undefined || fits((axis) => middle[axis] - half(axis));
    const asCorner = middle === undefined || fits((axis) => middle[axis]);
    if (asCentre !== asCorner && asCorner)
      findings.push({
        severity: "error",
        what: "positions look like the windows' minimum corners",
        evidence: `counted from the middle of the object, windows of ${window.join(" × ")} fit only so`,
        flag: optionAdvice("positionReference", "corner"),
        says: { positionReference: "corner" },
      });
    else if (asCentre === asCorner)
      findings.push({
        severity: object === undefined ? "note" : "warning",
        what: "whether positions name the window's centre or its minimum corner cannot be told",
        evidence:
          middle === undefined
            ? "without an object the origin is free, so both give the same windows"
            : `both are as good in the object; they differ by (${axes.map(half).join(", ")}) pixels`,
        flag: `${optionAdvice("positionReference", "corner")} if the file's origin says minimum corner`,
      });
    return findings;
  }
  // A window or two over the edge say nothing: only when they reach far out is another reading likelier.
  const farOut = axes.some((axis) => least[axis] < half(axis) / 2);
  if (stated.positionReference !== undefined || !farOut || !fits(() => 0)) return [];
  return [
    {
      severity,
      what: "positions look like the windows' minimum corners",
      evidence: `${evidence}: windows of ${window.join(" × ")} fit only so`,
      flag: optionAdvice("positionReference", "corner"),
      says: { positionReference: "corner" },
    },
  ];
}

/** Of the frames that are left, without a few that lie far from the rest: those are wrong by themselves and tell no origin. */
function rangeOfMost({
  positions,
  patterns,
  skipped = [],
}: ScanFacts): Pick<ScanSummary, "least" | "greatest"> | undefined {
  if (positions === undefined || patterns === undefined || positions.length !== 2 * patterns.count) return undefined;
  const out = new Set(skipped);
  const left = Array.from({ length: patterns.count }, (_, frame) => frame).filter((frame) => !out.has(frame));
  for (const frame of strayFrames(scanParts(positions, patterns.height, left))) out.add(frame);
  const most = left.filter((frame) => !out.has(frame));
  const along = (axis: 0 | 1, pick: (a: number, b: number) => number): number =>
    most.map((frame) => positions[2 * frame + axis]).reduce((a, b) => pick(a, b));
  return { least: [along(0, Math.min), along(1, Math.min)], greatest: [along(0, Math.max), along(1, Math.max)] };
}
