import type { ComplexArray } from "../arrays.ts";
import type { Dataset } from "../data/dataset.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { Geometry } from "../optics/geometry.ts";
import { namedFormat } from "./formats/named.ts";
import { missingPart } from "./missingPart.ts";
import type { ArrayPart } from "./parts.ts";
import { chooseFormat, readScanArrays, scanParts } from "./registry.ts";
import type { ScanSource } from "./scanFormat.ts";
import type { ScanOptions } from "./scanOptions.ts";
import { patternNames } from "./scanPatterns.ts";

/** How a scan was taken: where, with which light. */
export interface ScanLayout {
  /** `[mode, n, n]`. */
  readonly probe: ComplexArray;
  /** `[frame, 2]`, object pixels. */
  readonly positions: Float64Array;
  readonly geometry?: Geometry;
}

/** What patterns are made of: a layout, and what was there. */
export interface ScanTruth extends ScanLayout {
  readonly name: string;
  /** `[y, x]`. */
  readonly object?: ComplexArray;
  /** `[frame]`. */
  readonly frameIntensities?: Float64Array;
  /** `[n, n]`: counts that all patterns have, zero frequency at floor(n / 2). */
  readonly background?: Float32Array;
}

/**
 * Probe, positions and geometry of a file that may have no patterns, read as those of a scan.
 * @throws PtychonautError "data" or "usage", as `readScanArrays` does
 */
export function readScanLayout(file: ArrayFile, options: ScanOptions, where: string): ScanLayout {
  const { probe, positions, geometry } = readUnread(file, options, where);
  return { probe, positions, ...(geometry === undefined ? {} : { geometry }) };
}

/**
 * The same with the object, the beam's intensities, and a background that is in another array.
 * @throws PtychonautError "data" or "usage", as `readScanArrays` does; "data" for a background of another size
 */
export function readScanTruth(
  file: ArrayFile,
  { backgroundFile, ...options }: ScanOptions,
  where: string,
  elsewhere: ScanSource["elsewhere"] = {},
): ScanTruth {
  const { name, probe, positions, geometry, object, frameIntensities } = readUnread(file, options, where);
  const background =
    backgroundFile === undefined
      ? undefined
      : scanParts(file, { ...patternsOptional(file, {}, where), backgroundFile }, where, elsewhere).parts.background;
  return {
    ...{ name, probe, positions },
    ...(geometry === undefined ? {} : { geometry }),
    ...(object === undefined ? {} : { object }),
    ...(frameIntensities === undefined ? {} : { frameIntensities }),
    ...(background === undefined ? {} : { background: imageOf(background, probe, backgroundFile ?? where) }),
  };
}

function imageOf(part: ArrayPart, { shape: [, height, width] }: ComplexArray, where: string): Float32Array {
  const { shape, data } = part.read();
  if (data.length === height * width) return Float32Array.from(data, Number);
  throw new PtychonautError("data", "the background does not fit the patterns", {
    where,
    expected: `one image of [${height}, ${width}], the probe's sides`,
    got: `[${shape.join(", ")}]`,
  });
}

/** Who reads a file by the contract's names wants patterns there, unless these are said to be elsewhere. */
function patternsOptional(file: ArrayFile, stated: ScanOptions, where: string): ScanOptions {
  const named = stated.patternsKey !== undefined || patternNames.some((name) => file.has(name));
  return named || chooseFormat(file, stated, where).format !== namedFormat ? stated : { ...stated, patterns: where };
}

function readUnread(file: ArrayFile, stated: ScanOptions, where: string): Dataset {
  const options = patternsOptional(file, stated, where);
  const { parts } = scanParts(file, options, where);
  const positions = parts.positions ?? missingPart("positions", where);
  const probe = parts.probe ?? missingPart("probe", where);
  const [key] = positions.keys;
  const [height, width] = (probe.shape ?? probe.read().shape).slice(-2);
  // Patterns of the probe's size, which nobody reads.
  const header = (): ReturnType<ArrayFile["header"]> => ({
    ...file.header(key),
    shape: [positions.count, height, width],
  });
  const stand: ArrayFile = Object.create(file, { header: { value: header } });
  const elsewhere = parts.patterns === undefined ? { patterns: [{ file: stand, key, where }] } : {};
  return readScanArrays(file, options, { path: where, elsewhere, unread: true });
}
