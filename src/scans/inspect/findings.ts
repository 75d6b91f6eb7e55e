import type { PatternStatistics } from "../../data/patternStatistics.ts";
import { setting } from "../../errors.ts";
import { type Finding, frameList, percent, short } from "../checks/finding.ts";
import { flagOf, type ScanOptions } from "../scanOptions.ts";
import { middleOf } from "../scanPositions.ts";
import type { ScanInspection } from "./inspectScan.ts";

type Summary = Omit<ScanInspection, "findings">;

/** Everything in a file that needs to be said to read it, or is worth a look, in the order of reading. */
export function judge(summary: Summary, stated: ScanOptions): Finding[] {
  return [
    ...judgeRoles(summary, stated),
    ...judgeMeasurement(summary, stated),
    ...judgeDc(summary, stated),
    ...judgePixels(summary),
    ...judgeProbe(summary),
    ...judgePositions(summary, stated),
    ...judgeScan(summary),
  ];
}

function judgeRoles({ roles }: Summary, stated: ScanOptions): Finding[] {
  const findings: Finding[] = [];
  const role = (what: string, key: string | undefined, usual: readonly string[], option: keyof ScanOptions): void => {
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
        flag: flagOf(option, key),
      });
  };
  role("patterns", roles.patterns, ["diffraction", "diff3d"], "patternsKey");
  role("probe values", roles.probe, ["probeGuess"], "probeKey");
  role("positions", roles.positions?.[0], ["xcoords"], "positionsKey");
  if (roles.positions?.length === 1 && stated.positionOrder === undefined)
    findings.push({
      severity: "error",
      what: "the order of the position columns must be stated",
      evidence: "one array of pairs; nothing in the numbers tells (row, column), yx, from (column, row), xy",
      flag: flagOf("positionOrder", "yx|xy"),
    });
  if (roles.object !== undefined && roles.object !== "objectGuess" && stated.objectKey === undefined)
    findings.push({
      severity: "note",
      what: `"${roles.object}" may be a reference object`,
      evidence: "a complex image",
      flag: flagOf("objectKey", roles.object),
    });
  return findings;
}

function judgeMeasurement({ patterns }: Summary, stated: ScanOptions): Finding[] {
  if (patterns === undefined || stated.measurement !== undefined) return [];
  const { dtype, integers, rootsOfIntegers } = patterns;
  if (/^u?int/.test(dtype))
    return [
      {
        severity: "error",
        what: "integer patterns: counts, not amplitudes",
        evidence: `dtype ${dtype}, largest value ${patterns.max}`,
        flag: flagOf("measurement", "counts"),
      },
    ];
  if (integers > 0.99)
    return [
      {
        severity: "error",
        what: "the patterns look like counts, and would be read as amplitudes",
        evidence: `${percent(integers)} of the non-zero values are integers`,
        flag: flagOf("measurement", "counts"),
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
      flag: `${flagOf("measurement", "counts")} if they are intensities; ${setting("nphotons")} states the dose`,
    },
  ];
}

function judgeDc({ patterns }: Summary, stated: ScanOptions): Finding[] {
  if (patterns === undefined || stated.dcAt !== undefined) return [];
  const { dc, centroid, height, width } = patterns;
  const evidence = `the mean pattern is centred at (${pixels(centroid)}) of (${height}, ${width})`;
  if (dc === "corner")
    return [
      { severity: "error", what: "the zero frequency is at the corner", evidence, flag: flagOf("dcAt", "corner") },
    ];
  if (dc === "elsewhere")
    return [{ severity: "warning", what: "the zero frequency is neither at the centre nor at the corner", evidence }];
  return [];
}

function judgePixels({ patterns }: Summary): Finding[] {
  if (patterns === undefined) return [];
  const findings: Finding[] = [];
  const frames = (list: readonly number[]): string => frameList(list, patterns.count);
  if (patterns.badFrames.length > 0)
    findings.push({
      severity: "error",
      what: "frames with NaN, infinite or negative values",
      evidence: frames(patterns.badFrames),
    });
  if (patterns.emptyFrames.length > 0)
    findings.push({ severity: "warning", what: "empty frames", evidence: frames(patterns.emptyFrames) });
  const few = (list: PatternStatistics["hotPixels"]): string =>
    `${list.length}: ${list
      .slice(0, 5)
      .map(([y, x]) => `(${y}, ${x})`)
      .join(" ")}${list.length > 5 ? " …" : ""}`;
  if (patterns.deadPixels.length > 0)
    findings.push({ severity: "warning", what: "dead pixels", evidence: few(patterns.deadPixels) });
  if (patterns.hotPixels.length > 0)
    findings.push({ severity: "warning", what: "hot pixels", evidence: few(patterns.hotPixels) });
  if (patterns.height !== patterns.width)
    findings.push({
      severity: "warning",
      what: "frames are not square",
      evidence: `${patterns.height} × ${patterns.width}`,
    });
  return findings;
}

function judgeProbe({ probe, patterns }: Summary): Finding[] {
  if (probe === undefined || patterns === undefined) return [];
  const [height, width] = (
    probe.shape.at(-1) === 1 && probe.shape.length === 3 ? probe.shape : probe.shape.slice(-2)
  ) as [number, number];
  const findings: Finding[] = [];
  if (height !== patterns.height || width !== patterns.width)
    findings.push({
      severity: "error",
      what: "the probe is not of the patterns' size",
      evidence: `${height} × ${width} against ${patterns.height} × ${patterns.width}`,
    });
  const ratio = probe.energy / patterns.dose.mean;
  if (!(probe.energy > 0)) findings.push({ severity: "error", what: "the probe is zero", evidence: "Σ|P|² = 0" });
  else if (ratio < 0.2 || ratio > 5)
    findings.push({
      severity: "note",
      what: "the probe is not scaled to the data; reading scales it, so nothing need be done",
      evidence: `Σ|P|² = ${short(probe.energy)} against ${short(patterns.dose.mean)} counts a pattern`,
    });
  return findings;
}

function judgePositions({ scan, patterns, object }: Summary, stated: ScanOptions): Finding[] {
  if (scan === undefined || patterns === undefined || stated.positionOrigin === "centered") return [];
  const { least, greatest } = scan;
  const window = [patterns.height, patterns.width] as const;
  const evidence = `y from ${short(least[0])} to ${short(greatest[0])}, x from ${short(least[1])} to ${short(greatest[1])}`;
  const axes = [0, 1] as const;
  const fits = (toStart: (axis: 0 | 1) => number): boolean =>
    axes.every((axis) => {
      const start = toStart(axis);
      const size = object?.shape[axis] ?? Number.POSITIVE_INFINITY;
      return least[axis] + start >= 0 && greatest[axis] + start + window[axis] <= size;
    });
  const half = (axis: 0 | 1): number => Math.floor(window[axis] / 2);
  if (axes.some((axis) => least[axis] < 0)) {
    const centred = axes.every((axis) => {
      const extent = greatest[axis] - least[axis];
      return Math.abs(greatest[axis] + least[axis]) / 2 <= 0.1 * extent;
    });
    const findings: Finding[] = [
      {
        severity: "error",
        what: centred ? "positions are centred on zero" : "positions are negative: not indices into the object",
        evidence,
        flag: flagOf("positionOrigin", "centered"),
      },
    ];
    if (stated.positionReference !== undefined) return findings;
    const middle = object === undefined ? undefined : middleOf(object);
    const asCentre = middle === undefined || fits((axis) => middle[axis] - half(axis));
    const asCorner = middle === undefined || fits((axis) => middle[axis]);
    if (asCentre !== asCorner && asCorner)
      findings.push({
        severity: "error",
        what: "positions look like the windows' minimum corners",
        evidence: `counted from the middle of the object, windows of ${window.join(" × ")} fit only so`,
        flag: flagOf("positionReference", "corner"),
      });
    else if (asCentre === asCorner)
      findings.push({
        severity: "warning",
        what: "whether positions name the window's centre or its minimum corner cannot be told",
        evidence:
          middle === undefined
            ? "without an object the origin is free, so both give the same windows"
            : `both are as good in the object; they differ by (${axes.map(half).join(", ")}) pixels`,
        flag: `${flagOf("positionReference", "corner")} if the file's origin says minimum corner`,
      });
    return findings;
  }
  if (stated.positionReference !== undefined) return [];
  if (fits((axis) => -half(axis))) return [];
  if (fits(() => 0))
    return [
      {
        severity: "error",
        what: "positions look like the windows' minimum corners",
        evidence: `${evidence}: windows of ${window.join(" × ")} fit only so`,
        flag: flagOf("positionReference", "corner"),
      },
    ];
  return [
    {
      severity: "warning",
      what: "windows reach outside the object",
      evidence: `${evidence}; object ${object === undefined ? "starts at (0, 0)" : `(${object.shape.join(", ")})`}`,
    },
  ];
}

function judgeScan({ scan, patterns }: Summary): Finding[] {
  if (scan === undefined) return [];
  const findings: Finding[] = [];
  const list = (frames: readonly number[]): string => frameList(frames, scan.count);
  if (scan.duplicates.length > 0)
    findings.push({ severity: "warning", what: "frames at the same position", evidence: list(scan.duplicates) });
  if (scan.outliers.length > 0)
    findings.push({ severity: "warning", what: "positions far from all others", evidence: list(scan.outliers) });
  if (scan.overlap !== undefined && scan.overlap < 0.3)
    findings.push({
      severity: "warning",
      what: "neighbouring probes hardly overlap",
      evidence: `${percent(scan.overlap)} at a step of ${short(scan.step)} pixels`,
    });
  if (patterns !== undefined && scan.step > 0 && scan.step < 0.05)
    findings.push({
      severity: "error",
      what: "positions seem not to be in pixels",
      evidence: `median step ${short(scan.step)}`,
    });
  return findings;
}

const pixels = (pair: readonly [number, number]): string => pair.map((value) => value.toFixed(1)).join(", ");
