import { sizeOf } from "../../arrays.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { NumericArray } from "../../formats/npy.ts";
import { attempted } from "../checks/finding.ts";
import { withElsewhere } from "../elsewhere.ts";
import { namedFormat } from "../formats/named.ts";
import type { ArrayPart, PositionsPart, ScanParts } from "../parts.ts";
import { chooseFormat, scanParts } from "../registry.ts";
import type { Elsewhere } from "../scanFormat.ts";
import { geometryIn } from "../scanGeometry.ts";
import { metadataPhotons } from "../scanMetadata.ts";
import { type ScanOptions, settingOf } from "../scanOptions.ts";
import { findRoles, type ScanRoles } from "../scanRoles.ts";

/** A format, what told it, and what it says of how to read the file, by the settings that would say it. */
export interface KnownFormat {
  readonly name: string;
  readonly title: string;
  readonly evidence: string;
  readonly says: Readonly<Record<string, string>>;
}

/** Parts of a scan to look at, and the format that knows them where one does. */
export interface LookedParts {
  readonly format?: KnownFormat;
  readonly parts: ScanParts;
  /** Whether the format refuses the file: what parts it has is not known then. Default false. */
  readonly refused?: boolean;
}

/** From here on names and shapes fit a format: what it refuses is no other's. */
const SURE_FORMAT = 0.5;

/** The parts that a format knows (none where it refuses them), else those that arrays seem to be by name, shape and type. */
export function lookedParts(file: ArrayFile, stated: ScanOptions, where: string, elsewhere: Elsewhere): LookedParts {
  const { value: found } = attempted(() => scanParts(file, stated, where, elsewhere));
  if (found !== undefined && found.format !== namedFormat) {
    const { name, title } = found.format;
    const { parts } = found;
    const own = Object.entries(parts.says ?? {}).map(([option, value]) => [
      settingOf(option as keyof ScanOptions),
      `${value}`,
    ]);
    const says = { ...Object.fromEntries(own), ...parts.conventions };
    return { format: { name, title, evidence: found.evidence, says }, parts };
  }
  const known = found === undefined ? attempted(() => chooseFormat(file, stated, where)).value : undefined;
  if (known !== undefined && known.format !== namedFormat && known.confidence >= SURE_FORMAT) {
    const { name, title } = known.format;
    return { format: { name, title, evidence: known.evidence, says: {} }, parts: { geometry: {} }, refused: true };
  }
  const guessed = withElsewhere(guessedParts(file, stated, where), elsewhere, stated);
  // A raster that is stated is no guess.
  const { positions, says } = stated.scanStep === undefined || found === undefined ? guessed : found.parts;
  return { parts: { ...guessed, ...(positions && { positions }), ...(says && { says }) } };
}

/** Which arrays play which part, by their names in the file. */
export function rolesOf({ patterns, probe, positions, object }: ScanParts): ScanRoles {
  const [first, second] = positions?.keys ?? [];
  return {
    patterns: patterns?.key,
    probe: probe?.key,
    positions: first === undefined ? undefined : second === undefined ? [first] : [first, second],
    object: object?.key,
  };
}

function guessedParts(file: ArrayFile, stated: ScanOptions, where: string): ScanParts {
  const roles = findRoles(file, stated);
  const part = (key: string | undefined): ArrayPart | undefined =>
    key === undefined || !file.has(key)
      ? undefined
      : { key, shape: file.header(key).shape, read: () => file.readNumbers(key) };
  const [probe, object, mask] = [part(roles.probe), part(roles.object), file.has("mask") ? part("mask") : undefined];
  const positions = guessedPositions(file, roles, stated);
  const { value: geometry = {} } = attempted(() => geometryIn(file, where, []));
  const scanIndex = file.has("scan_index") ? part("scan_index") : undefined;
  return {
    ...(roles.patterns === undefined || !file.has(roles.patterns) ? {} : { patterns: { file, key: roles.patterns } }),
    ...(probe === undefined ? {} : { probe }),
    ...(object === undefined ? {} : { object }),
    ...(mask === undefined ? {} : { mask }),
    ...(positions === undefined ? {} : { positions }),
    geometry,
    photonsPerPattern: metadataPhotons(file, []),
    ...(scanIndex === undefined ? {} : { frames: () => ({ scanIndex: Int32Array.from(scanIndex.read().data) }) }),
  };
}

/** Pairs of unknown order are taken as they are. Complex ones are refused when they are read. */
function guessedPositions(
  file: ArrayFile,
  { positions: keys }: ScanRoles,
  stated: ScanOptions,
): PositionsPart | undefined {
  if (keys === undefined || keys.some((key) => !file.has(key))) return undefined;
  if (keys.some((key) => file.header(key).dtype.startsWith("complex"))) return undefined;
  const size = sizeOf(file.header(keys[0]).shape);
  return {
    keys,
    count: keys.length === 1 ? Math.floor(size / 2) : size,
    read: () =>
      pairsOf(
        keys.map((key) => file.readNumbers(key)),
        stated,
      ),
  };
}

/** Columns as (y, x), or pairs by their order. */
function pairsOf(columns: readonly NumericArray[], stated: ScanOptions): Float64Array {
  const [first, second] = columns.map(({ data }) => Float64Array.from(data));
  if (second !== undefined)
    return Float64Array.from({ length: 2 * first.length }, (_, i) => (i % 2 ? first : second)[i >> 1] ?? Number.NaN);
  const swap = stated.positionOrder === "xy" ? 1 : 0;
  return Float64Array.from(first, (_, i) => first[i ^ swap]);
}
