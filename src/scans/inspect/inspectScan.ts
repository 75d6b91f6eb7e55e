import { type ComplexArray, sizeOf } from "../../arrays.ts";
import type { Measurement } from "../../data/dataset.ts";
import { type FrameStatistics, frameTally } from "../../data/frameStatistics.ts";
import { type PatternStatistics, patternStatistics } from "../../data/patternStatistics.ts";
import { PtychonautError } from "../../errors.ts";
import type { ArrayFile, ArrayHeader } from "../../formats/arrayFile.ts";
import type { ByteSource } from "../../formats/byteSource.ts";
import type { NumericData } from "../../formats/npy.ts";
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
import { geometryOf } from "../completeScan.ts";
import { tellsValidity } from "../frameValues.ts";
import { defectsIn } from "../maskBits.ts";
import { brokenLinkWarnings } from "../namedArrays.ts";
import type { ArrayPart, PatternsPart, ScanParts } from "../parts.ts";
import { framesToFront, type PatternLayout, patternLayout } from "../patternLayout.ts";
import { measuredCheck } from "../patternValues.ts";
import { withoutPreparing } from "../prepare/prepareOptions.ts";
import { zeroesNegatives } from "../prepare/values.ts";
import { readScanArrays } from "../registry.ts";
import type { Elsewhere } from "../scanFormat.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { framesLeftOut, pixelsPerUnit, placeLeftOut } from "../scanPositions.ts";
import type { ScanRoles } from "../scanRoles.ts";
import { arrayFrames, framesTogether } from "../storedPatterns.ts";
import { type KnownFormat, lookedParts, rolesOf } from "./lookedParts.ts";
import { nearFieldFindings } from "./nearField.ts";
import { judgeRoles, missingParts } from "./roles.ts";

export interface ScanInspection {
  readonly name: string;
  /** The format that knows the file; absent where arrays were found by their names, shapes and types. */
  readonly format?: KnownFormat;
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
  elsewhere: Elsewhere = {},
): ScanInspection {
  return inspectedScan(input, stated, name, { skipOutlyingFrames, elsewhere }).inspection;
}

/** Somebody who wants to see all frames as they pass by, once, as they are stored. */
export type FrameWatch = (
  layout: PatternLayout,
  mask: Uint8Array | undefined,
  part: PatternsPart,
) => { add(data: ArrayLike<number>): void };

/** What `inspectScan` says, and what it was seen in. */
export interface InspectedScan {
  readonly inspection: ScanInspection;
  readonly facts: ScanFacts;
  /** `[y, x]`, 1 = valid; absent where the file has none that fits. */
  readonly mask?: Uint8Array;
}

export interface InspectionOptions {
  readonly skipOutlyingFrames?: boolean;
  readonly watch?: FrameWatch;
  readonly elsewhere?: Elsewhere;
}

/** @throws PtychonautError as `inspectScan` does */
export function inspectedScan(
  input: Uint8Array | ByteSource | ArrayFile,
  stated: ScanOptions,
  name: string,
  { skipOutlyingFrames = false, watch, elsewhere = {} }: InspectionOptions = {},
): InspectedScan {
  const someLeftOut = stated.skipFrames !== undefined || stated.useFrames !== undefined || skipOutlyingFrames;
  const file = "container" in input ? input : openNpz(input, name);
  const arrays = file.keys.map((key) => {
    const { shape, dtype } = file.header(key);
    return { key, shape, dtype };
  });
  const { format, parts, refused = false } = lookedParts(file, stated, name, elsewhere);
  const roles = rolesOf(parts);
  const options = { ...parts.says, ...stated };
  const findings: Finding[] = [];
  const source = { path: name, unread: true, elsewhere };
  const reading = attempted(() => readScanArrays(file, stated, source));
  if (reading.refusal !== undefined) findings.push(reading.refusal);
  // What the file has is looked at as it is, before anything is done to it.
  const whole = attempted(() => readScanArrays(file, withoutPreparing(stated), source)).value;
  /** What cannot be looked at is left out, with the reason, once. */
  const look = <T>(run: () => T): T | undefined => {
    const { value, refusal } = attempted(run);
    if (refusal !== undefined) findings.push(refusal);
    return value;
  };
  const geometry = reading.value?.geometry ?? look(() => geometryOf(parts, stated, imageSides(parts), name));
  const positions = look(() => positionsOf(parts, options, geometry));
  const probeField = whole?.probe ?? look(() => probeOf(parts));
  const probe = probeField === undefined ? undefined : probeSummary(probeField, parts.probe?.shape ?? probeField.shape);
  const scan =
    positions === undefined || positions.length === 0 ? undefined : scanSummary(positions, probe, whole?.scanIndex);
  const object = parts.object?.shape === undefined ? undefined : { shape: parts.object.shape.filter((n) => n > 1) };
  const looked = look(() => patternsOf(parts, positions, { ...options, someLeftOut }, findings, watch));
  const photons = parts.photonsPerPattern;
  findings.push(...judgeScanNumbers(reading.value?.scanIndex));
  const warnings = reading.value?.provenance.warnings ?? [...(parts.warnings ?? []), ...brokenLinkWarnings(file)];
  const summary = {
    name,
    ...(format === undefined ? {} : { format }),
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
    stated: options,
    ...summary,
    ...(looked === undefined ? {} : { frames: looked.frames }),
    ...(probeField === undefined ? {} : { probeField }),
    ...(positions === undefined ? {} : { positions }),
    ...(reading.value?.scanIndex === undefined ? {} : { scanIndex: reading.value.scanIndex }),
  };
  const skipped =
    looked &&
    look(() =>
      framesToSkip(all, name, { skipFrames: stated.skipFrames, useFrames: stated.useFrames, skipOutlyingFrames }),
    );
  const facts = { ...all, ...(skipped === undefined ? {} : { skipped }) };
  const telling = inPixels(facts) && !positionUnit(facts).some(({ severity }) => severity === "error");
  // Lengths in another unit say nothing of the windows' overlap.
  if (positions !== undefined && positions.length > 0 && looked !== undefined && telling)
    findings.push(...judgeExtent(positions, looked.patterns.height));
  look(() => geometry && propagatorOf(geometry, name));
  const near = telling && format !== undefined && looked !== undefined;
  if (near)
    findings.push(...(look(() => nearFieldFindings(parts, options, geometry, positions, looked.validPixels)) ?? []));
  for (const warning of warnings) findings.push({ severity: "warning", what: warning, evidence: "said by reading it" });
  // A format knows its arrays; names that are guessed must be said.
  const known = refused ? [] : missingParts(parts, options, name);
  const guessed = format === undefined ? judgeRoles(roles, stated) : known;
  return {
    inspection: { ...summary, findings: distinct([...guessed, ...checkScan(facts), ...findings]) },
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
  { positions, frames }: ScanParts,
  options: ScanOptions,
  geometry: Geometry | undefined,
): Float64Array | undefined {
  if (positions === undefined) return undefined;
  const known = geometry?.objectPixelM !== undefined;
  const perUnit =
    (known ? pixelsPerUnit(options, geometry, "positions") : 1) * (options.positionsAre === "sample" ? -1 : 1);
  const pairs = positions.read().map((value) => value * perUnit);
  placeLeftOut(pairs, framesLeftOut(frames?.(positions.count).scanIndex, options, positions.count));
  return pairs.every(Number.isFinite) ? pairs : undefined;
}

interface LookedAt {
  readonly patterns: PatternFacts;
  readonly frames: FrameStatistics;
  readonly mask?: MaskSummary;
  readonly validPixels?: Uint8Array;
}

/** The patterns as the file has them, by one pass: where the zero frequency is at the corner, so is the mask's. */
function patternsOf(
  { patterns, mask: maskPart }: ScanParts,
  positions: Float64Array | undefined,
  stated: ScanOptions,
  findings: Finding[],
  watch: FrameWatch | undefined,
): LookedAt | undefined {
  if (patterns === undefined) return undefined;
  const { file, key } = patterns;
  const header = file.header(key);
  // An array that its file cannot hold is refused before there is room for what is known of its frames.
  if (header.shape.length >= 3 && sizeOf(header.shape) > 0 && header.dtype !== "object") file.readImages(key, 0, 1);
  if (header.shape.length < 3 || !/^(bool|u?int|float)/.test(header.dtype)) return undefined;
  const layout = layoutOf(header, positions, stated, key, findings);
  const array = { file, key, layout, dcAt: "center", where: key } as const;
  // Piece by piece where the frames lie together, whatever the file's size.
  const stored = framesTogether(header, layout) ? arrayFrames(array) : [turned(file, key, layout)];
  const chunks = zeroesNegatives(stated, stated.measurement ?? "amplitude") ? withoutNegatives(stored) : stored;
  const check = measuredCheck(layout, key);
  const mask = maskOf(maskPart, layout, stated);
  const tally = frameTally(layout, mask);
  const watching = watch === undefined ? [] : [watch(layout, mask, patterns)];
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
    ...(mask === undefined
      ? {}
      : {
          mask: maskSummary(frames, measurement, layout, maskPart?.validInFile ?? stated.maskValid ?? 1),
          validPixels: mask,
        }),
  };
}

/** Of the patterns with their frames first, which is how formats have them. */
function imageSides({ patterns }: ScanParts): Pick<PatternLayout, "height" | "width"> | undefined {
  const [height, width] = patterns?.file.header(patterns.key).shape.slice(-2) ?? [];
  return width === undefined ? undefined : { height, width };
}

/** What is below zero becomes that, as preparing has it. */
function* withoutNegatives(chunks: Iterable<NumericData>): Generator<NumericData, void, void> {
  for (const data of chunks) yield data.map((value) => Math.max(value, 0)) as NumericData;
}

/** 1 = valid; absent where there is none that fits. */
function maskOf(
  part: ArrayPart | undefined,
  { height, width }: PatternLayout,
  { maskValid = 1 }: ScanOptions,
): Uint8Array | undefined {
  if (part === undefined) return undefined;
  const { data, shape, dtype } = part.read();
  if (shape.join() !== `${height},${width}` || dtype.startsWith("complex")) return undefined;
  if (part.validInFile !== undefined) return Uint8Array.from(data);
  const bits = maskValid === 0 && /^u?int/.test(dtype);
  if (bits) return Uint8Array.from(data, (value) => (defectsIn(value) === 0 ? 1 : 0));
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

function probeOf({ probe }: ScanParts): ComplexArray | undefined {
  if (probe === undefined) return undefined;
  const { shape, data, dtype } = probe.read();
  if (shape.length < 2 || !dtype.startsWith("complex")) return undefined;
  const trailing = shape.length === 3 && shape[2] === 1 && shape[0] === shape[1] ? shape.slice(0, 2) : shape;
  const [height, width] = trailing.slice(-2) as [number, number];
  const modes = trailing.slice(0, -2).reduce((product, extent) => product * extent, 1);
  return { shape: [modes, height, width], data: Float32Array.from(data) };
}
