import type { ComplexArray } from "../../arrays.ts";
import type { Measurement } from "../../data/dataset.ts";
import { type FrameStatistics, frameTally } from "../../data/frameStatistics.ts";
import { type PatternStatistics, patternStatistics } from "../../data/patternStatistics.ts";
import { PtychonautError } from "../../errors.ts";
import type { ArrayFile, ArrayHeader } from "../../formats/arrayFile.ts";
import type { ByteSource } from "../../formats/byteSource.ts";
import type { NumericArray, NumericData } from "../../formats/npy.ts";
import { openNpz } from "../../formats/npz.ts";
import { type Geometry, missingForPixel } from "../../optics/geometry.ts";
import { propagatorOf } from "../../physics/propagation/propagators.ts";
import { attempted, type Finding, refusalFinding } from "../checks/finding.ts";
import { framesToSkip } from "../checks/framesToSkip.ts";
import { inPixels, positionUnit } from "../checks/positionUnit.ts";
import { checkScan } from "../checks/scanChecks.ts";
import { judgeExtent, judgeScanNumbers } from "../checks/scanExtent.ts";
import {
  type MaskSummary,
  maskSummary,
  type PatternFacts,
  type ProbeSummary,
  probeSummary,
  type ScanFacts,
  type ScanSummary,
  scanSummary,
  tallied,
} from "../checks/scanFacts.ts";
import { tellsValidity } from "../frameValues.ts";
import { framesToFront, type PatternLayout, patternLayout } from "../patternLayout.ts";
import { measuredCheck } from "../patternValues.ts";
import { readScanArrays } from "../registry.ts";
import { readGeometry } from "../scanGeometry.ts";
import { metadataPhotons } from "../scanMetadata.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { framesLeftOut, pixelsPerUnit, placeLeftOut } from "../scanPositions.ts";
import { findRoles, type ScanRoles } from "../scanRoles.ts";
import { arrayFrames, framesTogether } from "../storedPatterns.ts";
import { judgeRoles } from "./roles.ts";

export interface ScanInspection {
  readonly name: string;
  readonly arrays: readonly { readonly key: string; readonly shape: readonly number[]; readonly dtype: string }[];
  readonly roles: ScanRoles;
  readonly patterns?: PatternFacts;
  readonly probe?: ProbeSummary;
  /** Positions as the file has them, columns as (y, x) where that is stated or named. */
  readonly scan?: ScanSummary;
  readonly object?: { readonly shape: readonly number[] };
  /** What the mask takes away. */
  readonly mask?: MaskSummary;
  /** Mean photons per pattern as the metadata state them. */
  readonly photonsPerPattern?: number;
  /** With what would have to be stated for the size of an object pixel. Absent where statements contradict each other. */
  readonly geometry?: Geometry & { readonly missing: readonly string[] };
  readonly findings: readonly Finding[];
}

/**
 * Says what is in a scan file and what in it needs care, without needing to be told anything. What `stated` already says
 * is taken as true and not brought up again; of frames that are left out nothing is said.
 *
 * @throws PtychonautError "data" only when the archive itself cannot be opened
 */
export function inspectScan(
  input: Uint8Array | ByteSource | ArrayFile,
  stated: ScanOptions = {},
  name = "scan",
  skipOutlyingFrames = false,
): ScanInspection {
  return inspectedScan(input, stated, name, { skipOutlyingFrames }).inspection;
}

/** Somebody who wants to see all frames as they pass by, once, as they are stored. */
export type FrameWatch = (
  layout: PatternLayout,
  mask: Uint8Array | undefined,
) => { add(data: ArrayLike<number>): void };

/** What `inspectScan` says, and what it was seen in. */
export interface InspectedScan {
  readonly inspection: ScanInspection;
  readonly facts: ScanFacts;
  /** `[y, x]`, 1 = valid; absent where the file has none that fits. */
  readonly mask?: Uint8Array;
}

/** @throws PtychonautError as `inspectScan` does */
export function inspectedScan(
  input: Uint8Array | ByteSource | ArrayFile,
  stated: ScanOptions,
  name: string,
  { skipOutlyingFrames = false, watch }: { readonly skipOutlyingFrames?: boolean; readonly watch?: FrameWatch } = {},
): InspectedScan {
  const someLeftOut = stated.skipFrames !== undefined || skipOutlyingFrames;
  const file = "container" in input ? input : openNpz(input, name);
  const arrays = file.keys.map((key) => {
    const { shape, dtype } = file.header(key);
    return { key, shape, dtype };
  });
  const roles = findRoles(file, stated);
  const findings: Finding[] = [];
  const reading = attempted(() => readScanArrays(file, stated, { path: name, unread: true }));
  if (reading.refusal !== undefined) findings.push(reading.refusal);
  // What the file has is looked at as it is, before patterns are cut or filled up.
  const { cropTo: _, padTo: __, ...ofFile } = stated;
  const whole = attempted(() => readScanArrays(file, ofFile, { path: name, unread: true })).value;
  /** What cannot be looked at is left out, with the reason, once. */
  const look = <T>(run: () => T): T | undefined => {
    const { value, refusal } = attempted(run);
    if (refusal !== undefined) findings.push(refusal);
    return value;
  };
  const geometry =
    reading.value?.geometry ?? look(() => readGeometry(file, stated.geometry ?? {}, undefined, name, []));
  const positions = look(() => positionsOf(file, roles, stated, geometry));
  const probeField = whole?.probe ?? look(() => probeOf(file, roles));
  const probe =
    probeField === undefined || roles.probe === undefined
      ? undefined
      : probeSummary(probeField, file.header(roles.probe).shape);
  const scan =
    positions === undefined || positions.length === 0 ? undefined : scanSummary(positions, probe, whole?.scanIndex);
  const object =
    roles.object === undefined ? undefined : { shape: file.header(roles.object).shape.filter((n) => n > 1) };
  const looked = look(() => patternsOf(file, roles, positions, { ...stated, someLeftOut }, findings, watch));
  const photons = metadataPhotons(file, []);
  findings.push(...judgeScanNumbers(reading.value?.scanIndex));
  const warnings = reading.value?.provenance.warnings ?? [];
  const summary = {
    name,
    arrays,
    roles,
    ...(looked === undefined ? {} : { patterns: looked.patterns }),
    ...(probe === undefined ? {} : { probe }),
    ...(scan === undefined ? {} : { scan }),
    ...(object === undefined ? {} : { object }),
    ...(looked?.mask === undefined ? {} : { mask: looked.mask }),
    ...(photons === undefined ? {} : { photonsPerPattern: photons }),
    ...(geometry === undefined ? {} : { geometry: { ...geometry, missing: missingForPixel(geometry) } }),
  };
  const all: ScanFacts = {
    stated,
    ...summary,
    ...(looked === undefined ? {} : { frames: looked.frames }),
    ...(probeField === undefined ? {} : { probeField }),
    ...(positions === undefined ? {} : { positions }),
    ...(reading.value?.scanIndex === undefined ? {} : { scanIndex: reading.value.scanIndex }),
  };
  const skipped =
    looked && look(() => framesToSkip(all, name, { skipFrames: stated.skipFrames ?? null, skipOutlyingFrames }));
  const facts = { ...all, ...(skipped === undefined ? {} : { skipped }) };
  const telling = inPixels(facts) && !positionUnit(facts).some(({ severity }) => severity === "error");
  // Lengths in another unit say nothing of the windows' overlap.
  if (positions !== undefined && positions.length > 0 && looked !== undefined && telling)
    findings.push(...judgeExtent(positions, looked.patterns.height));
  look(() => geometry && propagatorOf(geometry, name));
  for (const warning of warnings) findings.push({ severity: "warning", what: warning, evidence: "said by reading it" });
  return {
    inspection: { ...summary, findings: distinct([...judgeRoles(roles, stated), ...checkScan(facts), ...findings]) },
    facts,
    ...(looked?.validPixels === undefined ? {} : { mask: looked.validPixels }),
  };
}

/** Refusals last, and only those that nothing else stands for: one with the same option to say, or in the same words. */
function distinct(findings: readonly Finding[]): Finding[] {
  const option = ({ flag }: Finding): string | undefined => /`[a-z_]+/.exec(flag ?? "")?.[0];
  return findings.filter(
    (finding, i) =>
      !findings
        .slice(0, i)
        .some(
          (earlier) =>
            earlier.severity === finding.severity &&
            (earlier.what === finding.what ||
              (finding.severity === "error" && option(finding) !== undefined && option(earlier) === option(finding))),
        ),
  );
}

/** Positions as (y, x), in object pixels where their unit is known; pairs of unknown order are taken as they are. */
function positionsOf(
  file: ArrayFile,
  { positions }: ScanRoles,
  stated: ScanOptions,
  geometry: Geometry | undefined,
): Float64Array | undefined {
  if (positions === undefined || positions.some((key) => !file.has(key))) return undefined;
  const columns = positions.map((key) => file.readNumbers(key));
  // Reading refuses both, and says where.
  if (columns.some(({ dtype }) => dtype.startsWith("complex"))) return undefined;
  const known = geometry?.objectPixelM !== undefined;
  const perUnit = known ? pixelsPerUnit(stated, geometry, "positions") : 1;
  const pairs = pairsOf(columns, stated, perUnit);
  placeLeftOut(pairs, framesLeftOut(file, stated, pairs.length / 2));
  return pairs.every(Number.isFinite) ? pairs : undefined;
}

/** Columns as (y, x), or pairs by their order. */
function pairsOf(columns: readonly NumericArray[], stated: ScanOptions, perUnit: number): Float64Array {
  const [first, second] = columns.map(({ data }) => Float64Array.from(data, (value) => value * perUnit));
  if (second !== undefined)
    return Float64Array.from({ length: 2 * first.length }, (_, i) => (i % 2 ? first : second)[i >> 1] ?? Number.NaN);
  const swap = stated.positionOrder === "xy" ? 1 : 0;
  return Float64Array.from(first, (_, i) => first[i ^ swap]);
}

interface LookedAt {
  readonly patterns: PatternFacts;
  readonly frames: FrameStatistics;
  readonly mask?: MaskSummary;
  readonly validPixels?: Uint8Array;
}

/** The patterns as the file has them, by one pass: where the zero frequency is at the corner, so is the mask's. */
function patternsOf(
  file: ArrayFile,
  roles: ScanRoles,
  positions: Float64Array | undefined,
  stated: ScanOptions,
  findings: Finding[],
  watch: FrameWatch | undefined,
): LookedAt | undefined {
  if (roles.patterns === undefined || !file.has(roles.patterns)) return undefined;
  const header = file.header(roles.patterns);
  if (header.shape.length < 3 || !/^(bool|u?int|float)/.test(header.dtype)) return undefined;
  const layout = layoutOf(header, positions, stated, roles.patterns, findings);
  const array = { file, key: roles.patterns, layout, dcAt: "center", where: roles.patterns } as const;
  // Piece by piece where the frames lie together, whatever the file's size.
  const chunks = framesTogether(header, layout) ? arrayFrames(array) : [turned(file, roles.patterns, layout)];
  const check = measuredCheck(layout, roles.patterns);
  const mask = maskOf(file, layout, stated);
  const tally = frameTally(layout, mask);
  const watching = watch === undefined ? [] : [watch(layout, mask)];
  const statistics = patternStatistics(tallied(chunks, check, tally, ...watching), layout, mask);
  const { refusal } = attempted(() => check.finish());
  // Where frames are left out, the checks look whether it is those.
  if (refusal !== undefined && stated.someLeftOut !== true) findings.push(refusal);
  const measurement = stated.measurement ?? likelyMeasurement(header.dtype, statistics);
  const dose = measurement === "counts" ? statistics.sum : statistics.energy;
  const frames = tally.finish();
  return {
    patterns: { ...statistics, dtype: header.dtype, measurement, dose },
    frames,
    ...(mask === undefined ? {} : { mask: maskSummary(frames, measurement, layout), validPixels: mask }),
  };
}

/** 1 = valid; absent where there is none that fits. */
function maskOf(
  file: ArrayFile,
  { height, width }: PatternLayout,
  { maskValid = 1 }: ScanOptions,
): Uint8Array | undefined {
  if (!file.has("mask") || file.header("mask").shape.join() !== `${height},${width}`) return undefined;
  if (file.header("mask").dtype.startsWith("complex")) return undefined;
  const { data } = file.readNumbers("mask");
  // Of other values reading says what to do; what they stand for cannot be told.
  if (!data.every(tellsValidity)) return undefined;
  return Uint8Array.from(data, (value) => (value === maskValid ? 1 : 0));
}

function turned(file: ArrayFile, key: string, layout: PatternLayout): NumericData {
  const { data } = file.readNumbers(key);
  return layout.framesLast ? framesToFront(data, layout) : data;
}

/** The layout that reading would use, or frames first with the reason why reading fails. */
function layoutOf(
  { shape }: ArrayHeader,
  positions: Float64Array | undefined,
  stated: ScanOptions,
  key: string,
  findings: Finding[],
): PatternLayout {
  const leading = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  try {
    return patternLayout(shape, positions === undefined ? leading : positions.length / 2, stated.frameAxis, key);
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
    findings.push(refusalFinding(error));
    return { count: leading, height: shape.at(-2)!, width: shape.at(-1)!, framesLast: false };
  }
}

function likelyMeasurement(dtype: string, { integers }: PatternStatistics): Measurement {
  return /^u?int/.test(dtype) || integers > 0.99 ? "counts" : "amplitude";
}

function probeOf(file: ArrayFile, { probe }: ScanRoles): ComplexArray | undefined {
  if (probe === undefined || !file.has(probe)) return undefined;
  const { shape, data, dtype } = file.readNumbers(probe);
  if (shape.length < 2 || !dtype.startsWith("complex")) return undefined;
  const trailing = shape.length === 3 && shape[2] === 1 && shape[0] === shape[1] ? shape.slice(0, 2) : shape;
  const [height, width] = trailing.slice(-2) as [number, number];
  const modes = trailing.slice(0, -2).reduce((product, extent) => product * extent, 1);
  return { shape: [modes, height, width], data: Float32Array.from(data) };
}
