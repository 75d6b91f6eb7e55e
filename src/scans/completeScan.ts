import type { ComplexArray } from "../arrays.ts";
import type { Dataset, Measurement, Patterns } from "../data/dataset.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { type Geometry, mergeGeometry, resolveGeometry } from "../optics/geometry.ts";
import { propagatorOf } from "../physics/propagation/propagators.ts";
import { statedAddresses } from "./addresses.ts";
import { toObject, toProbe } from "./complexImages.ts";
import { optionalBackground, optionalMask } from "./frameValues.ts";
import { missingInNearField, missingPart } from "./missingPart.ts";
import type { ArrayPart, FramesPart, ScanParts } from "./parts.ts";
import { type PatternLayout, patternLayout } from "./patternLayout.ts";
import { detectorPlan } from "./prepare/detectorPlan.ts";
import type { UnpreparedScan } from "./prepare/preparedScan.ts";
import { preparingStatements } from "./prepare/prepareOptions.ts";
import { turnedOnTrust } from "./prepare/raster.ts";
import { zeroesNegatives } from "./prepare/values.ts";
import type { ScanShape, ScanSource } from "./scanFormat.ts";
import { type ScanOptions, settingOf } from "./scanOptions.ts";
import { measurementOf, patternsInMemory, unreadPatterns } from "./scanPatterns.ts";
import { checkOrder, placedPositions, type ScanPositions } from "./scanPositions.ts";
import { mayStay, patternsInFile } from "./storedPatterns.ts";

/**
 * A scan out of its parts: patterns in memory or in their file, positions in object pixels, what the format says of itself
 * and options say otherwise.
 * @throws PtychonautError "data" for a part that is missing or does not fit, with the option that would help
 */
export function completeScan(
  parts: ScanParts,
  stated: ScanOptions,
  { scratch, laidOut, verified = false, unread = false, elsewhere: _, ...source }: ScanSource,
): UnpreparedScan {
  const where = source.path ?? "scan";
  const options = { ...parts.says, ...stated };
  const conversions: string[] = [];
  const warnings: string[] = [];
  const at = (key: string): string => `${where}: ${key}`;

  const part = parts.patterns ?? missingPart("patterns", where);
  const { file, key } = part;
  const header = file.header(key);
  const measurement = measurementOf(
    header,
    options,
    at(key),
    conversions,
    stated.measurement === undefined ? "as the format says" : "as stated",
  );
  const built = options.probeModel !== undefined;
  const probePart = built ? undefined : (parts.probe ?? missingPart("probe", where));
  const of = ({ key, where: other = where }: ArrayPart): string => `${other}: ${key}`;
  const object = parts.object && toObject(parts.object.read(), of(parts.object), warnings);
  const positionsPart = parts.positions ?? missingPart("positions", where);
  checkOrder(positionsPart, stated, where);
  const layout = patternLayout(header.shape, positionsPart.count, options.frameAxis, at(key));
  const { count, height, width } = layout;

  const { cut, sides } = detectorPlan(options, [height, width], where);
  const probe = probePart && toProbe(probePart.read(), [[height, width], cut, sides], of(probePart), conversions);
  const dcAt = options.dcAt ?? "center";
  const { someLeftOut = false } = options;
  const stored = {
    file,
    key,
    layout,
    dcAt,
    where: at(key),
    someLeftOut,
    verified,
    ...(laidOut === undefined ? {} : { laidOut }),
    belowZero: zeroesNegatives(options, measurement),
  };
  const patterns = unread
    ? unreadPatterns(layout)
    : scratch === undefined
      ? patternsInMemory(stored)
      : patternsInFile(stored, scratch);
  if (layout.framesLast) conversions.push("patterns transposed from (y, x, frame) to (frame, y, x)");
  if (options.dcAt === "corner") conversions.push("zero frequency moved from index 0 to the centre");
  const geometry = geometryOf(parts, options, layout, where);
  const frames = parts.frames?.(count) ?? {};
  // Positions count pixels of the patterns as they are, which along a side of another length are others.
  const perPixel = height === width ? ([1, 1] as const) : ([height / cut[0], width / cut[1]] as const);
  const window = { height, width, object, geometry, perPixel, where };
  const positions = placedPositions(positionsPart, options, window, frames.scanIndex, conversions);
  warnings.push(...outsideObject(positions.positions, object, patterns), ...turnedOnTrust(parts, options));

  return {
    name: nameOf(source.path),
    patterns,
    measurement,
    ...positions,
    geometry,
    ...(probe === undefined ? {} : { probe }),
    ...(object === undefined ? {} : { object }),
    ...parts.labels?.([count, height, width], { inFile: scratch !== undefined, unread }),
    ...optionalMask(parts.mask, options, [height, width], at, conversions),
    ...optionalBackground(
      options.background === undefined ? parts.background : undefined,
      options,
      [height, width],
      at,
    ),
    ...framesOf(frames),
    ...(parts.photonsPerPattern === undefined ? {} : { photonsPerPattern: parts.photonsPerPattern }),
    provenance: {
      ...source,
      conventions: conventionsOf(parts, options, { measurement, layout }),
      // What a format notes while its parts are read is there by now.
      conversions: [...togetherWith(file), ...(parts.conversions ?? []), ...conversions],
      warnings: [...(parts.warnings ?? []), ...warnings],
    },
  };
}

/** @throws PtychonautError "data" as `completeScan` does for patterns */
export function shapeOfParts(parts: ScanParts, stated: ScanOptions, where: string): ScanShape {
  const options = { ...parts.says, ...stated };
  const geometry = geometryOf(parts, options, undefined, where);
  const noProbe = parts.probe === undefined && options.probeModel === undefined;
  // Of a scan that no command can work with nothing else is asked for.
  if (noProbe && geometry.propagation === "near-field") missingInNearField(geometry, where);
  propagatorOf(geometry, where);
  const { file, key } = parts.patterns ?? missingPart("patterns", where);
  const header = file.header(key);
  measurementOf(header, options, `${where}: ${key}`, []);
  if (noProbe) missingPart("probe", where);
  const positions = parts.positions ?? missingPart("positions", where);
  checkOrder(positions, stated, where);
  const { count, height, width } = patternLayout(header.shape, positions.count, options.frameAxis, `${where}: ${key}`);
  return {
    ...{ count, height, width, patternBytes: header.dataBytes ?? 0, mayStay: mayStay(header) },
    photonsPerPattern: parts.photonsPerPattern,
    scanIndex: parts.frames?.(count).scanIndex,
  };
}

/**
 * The geometry that the file and options add up to. Patterns that are not square have no one object pixel; where they are to
 * be made square it is that of the square.
 * @throws PtychonautError "data" where they contradict each other
 */
export function geometryOf(
  { geometry }: ScanParts,
  options: ScanOptions,
  layout: Pick<PatternLayout, "height" | "width"> | undefined,
  where: string,
): Geometry {
  const side = layout && squareSide(options, layout, where);
  return resolveGeometry(mergeGeometry(geometry, options.geometry ?? {}, where), side, where);
}

function squareSide(
  options: ScanOptions,
  { height, width }: Pick<PatternLayout, "height" | "width">,
  where: string,
): number | undefined {
  if (height === width) return height;
  const { cut } = detectorPlan(options, [height, width], where);
  return cut[0] === cut[1] ? cut[0] : undefined;
}

const framesOf = ({ scanIndex, frameIntensities }: FramesPart): Pick<Dataset, "scanIndex" | "frameIntensities"> => ({
  ...(scanIndex === undefined ? {} : { scanIndex }),
  ...(frameIntensities === undefined ? {} : { frameIntensities }),
});

/** By the settings that would say it, what was stated, what the format says and what was taken by default. */
function conventionsOf(
  parts: ScanParts,
  options: ScanOptions,
  found: { readonly measurement: Measurement; readonly layout: PatternLayout },
): Readonly<Record<string, string>> {
  const { positionOrder } = options;
  const positions = parts.positions?.keys.join(",") ?? "";
  return {
    patterns_key: parts.patterns?.key ?? "",
    ...(options.probeModel === undefined ? { probe_key: parts.probe?.key ?? "" } : {}),
    ...(options.positionsKey === undefined && parts.says === undefined
      ? {}
      : { positions_key: positions, ...(positionOrder === undefined ? {} : { position_order: positionOrder }) }),
    measurement: found.measurement,
    frame_axis: found.layout.framesLast ? "last" : "first",
    dc_at: options.dcAt ?? "center",
    probe_at: options.probeAt ?? "center",
    mask_valid: String(parts.mask?.validInFile ?? options.maskValid ?? 1),
    position_reference: options.positionReference ?? "center",
    position_origin: options.positionOrigin ?? "absolute",
    position_unit: options.positionUnit ?? "px",
    positions_are: options.positionsAre ?? "probe",
    ...preparingStatements(options),
    ...Object.fromEntries(statedAddresses(options).map(({ option }) => [settingOf(option), String(options[option])])),
    ...parts.conventions,
  };
}

const togetherWith = ({ alsoFrom }: ArrayFile): string[] =>
  alsoFrom === undefined ? [] : [`read together with ${alsoFrom}`];

function outsideObject(
  positions: ScanPositions["positions"],
  object: ComplexArray | undefined,
  { height, width }: Patterns,
): string[] {
  if (object === undefined) return [];
  const [rows, columns] = object.shape as [number, number];
  let outside = 0;
  for (let k = 0; k < positions.length; k += 2) {
    const top = positions[k] - Math.floor(height / 2);
    const left = positions[k + 1] - Math.floor(width / 2);
    if (top < 0 || left < 0 || top + height > rows || left + width > columns) outside++;
  }
  if (outside === 0) return [];
  return [`${outside} of ${positions.length / 2} windows reach outside the reference object (${rows}, ${columns})`];
}

function nameOf(path: string | undefined): string {
  return (path ?? "scan").replace(/^.*[\\/]/, "").replace(/\.[^.]*$/, "");
}
