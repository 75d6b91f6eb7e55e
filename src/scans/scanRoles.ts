import { sizeOf } from "../arrays.ts";
import type { ArrayFile, ArrayHeader } from "../formats/arrayFile.ts";
import type { ScanOptions } from "./scanOptions.ts";

/** Which array of a file plays which part. Undefined where none can. */
export interface ScanRoles {
  readonly patterns: string | undefined;
  readonly probe: string | undefined;
  /** One array of pairs, or the two columns x and y. */
  readonly positions: readonly [pairs: string] | readonly [x: string, y: string] | undefined;
  readonly object: string | undefined;
}

/**
 * Finds the arrays of a scan by what is stated, by the contract's names, and by shape and dtype, in this order: patterns
 * are the largest real array of three or more axes, positions real pairs one a frame, the probe the complex array whose
 * last axes are the patterns' (or the smallest one), the object a larger complex image. For `inspect` only; readers
 * want it said.
 */
export function findRoles(file: ArrayFile, stated: ScanOptions): ScanRoles {
  const headers = new Map(file.keys.map((key) => [key, file.header(key)]));
  const patterns = stated.patternsKey ?? named(file, ["diffraction", "diff3d"]) ?? largestStack(headers);
  const frame = headers.get(patterns ?? "")?.shape.slice(-2) ?? [];
  const images = [...headers]
    .filter(([, { dtype, shape }]) => dtype.startsWith("complex") && shape.length >= 2)
    .sort(([, a], [, b]) => sizeOf(a.shape) - sizeOf(b.shape));
  // What has the name of something else is no probe, whatever its shape.
  const open = images.filter(([key]) => key !== stated.objectKey && !otherNames.includes(key));
  const fits = open.find(([, { shape }]) => shape.slice(-2).join() === frame.join());
  const probe = stated.probeKey ?? named(file, ["probeGuess"]) ?? (fits ?? open[0])?.[0];
  const others = images.filter(([key, { shape }]) => key !== probe && !labelNames.includes(key) && isImage(shape));
  return {
    patterns,
    probe,
    positions: findPositions(file, headers, stated, patterns),
    object: stated.objectKey ?? named(file, ["objectGuess"]) ?? others.at(-1)?.[0],
  };
}

const labelNames: readonly string[] = ["Y", "label"];
const otherNames: readonly string[] = ["objectGuess", ...labelNames];

function largestStack(headers: ReadonlyMap<string, ArrayHeader>): string | undefined {
  return [...headers]
    .filter(([, { dtype, shape }]) => /^(u?int|float)/.test(dtype) && shape.length >= 3 && shape.at(-1)! > 2)
    .sort(([, a], [, b]) => sizeOf(b.shape) - sizeOf(a.shape))[0]?.[0];
}

function findPositions(
  file: ArrayFile,
  headers: ReadonlyMap<string, ArrayHeader>,
  stated: ScanOptions,
  patterns: string | undefined,
): ScanRoles["positions"] {
  if (stated.positionsKey !== undefined) return [stated.positionsKey];
  if (file.has("xcoords") && file.has("ycoords")) return ["xcoords", "ycoords"];
  if (file.has("xcoords_start") && file.has("ycoords_start")) return ["xcoords_start", "ycoords_start"];
  const frames = sizeOf(headers.get(patterns ?? "")?.shape.slice(0, -2) ?? []);
  const pairs = [...headers].filter(
    ([, { dtype, shape }]) =>
      /^(u?int|float)/.test(dtype) && shape.length >= 2 && shape.at(-1) === 2 && sizeOf(shape) === 2 * frames,
  );
  return pairs[0] === undefined ? undefined : [pairs[0][0]];
}

const named = (file: ArrayFile, keys: readonly string[]): string | undefined => keys.find((key) => file.has(key));

const isImage = (shape: readonly number[]): boolean => shape.filter((extent) => extent > 1).length === 2;
