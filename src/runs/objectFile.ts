import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { ByteSource } from "../formats/byteSource.ts";

import { readReconstruction } from "../reconstructions/reconstructionNpz.ts";
import { parseAddress, SEPARATOR } from "../scans/addresses.ts";
import { objectNumbers } from "../scans/objectNumbers.ts";
import { readGeometry } from "../scans/scanGeometry.ts";
import type { Home } from "./machine.ts";
import { withArrays } from "./openArrays.ts";

/** A complex object out of a file, with what the file says about its place. */
export interface ObjectFile {
  readonly path: string;
  readonly sha256: string;
  /** Name of its array. */
  readonly key: string;
  /** `[y, x]`. */
  readonly object: ComplexArray;
  /** Where pixel [0, 0] sits in the scan's object pixels; absent where the file does not say. */
  readonly origin?: { readonly y: number; readonly x: number };
  /** `[y, x]`, how well each pixel is covered, 0 = not at all. */
  readonly coverage?: Float32Array;
  /** `[frame, 2]` as (y, x), object pixels: the positions used. */
  readonly positions?: Float64Array;
  readonly pixelSizeM?: number;
  /** Object pixel over that of the scan's file as stored, (y, x); absent where nothing says it. */
  readonly pixelRatio?: readonly [y: number, x: number];
  /** What was done to its numbers. */
  readonly warnings?: readonly string[];
}

/** Names that an object's array has, ours first; some of these files hold other complex images too. */
const knownKeys = ["objectGuess", "object", "reconstructed_object", "psi", "obj"] as const;

/** `file.npz::array`, or the path alone. */
export function splitAddress(address: string): { readonly path: string; readonly key?: string } {
  const { path, keys } = parseAddress(address);
  return keys.length === 0 ? { path } : { path, key: keys.join(",") };
}

/**
 * Reads a complex image out of an npz file: a `reconstruction.npz` with its coverage and origin, a scan's `objectGuess`
 * (whose first pixel is the origin of object pixels), or the object of another program, as `file.npz::array`. Leading axes
 * of length one are dropped. Without a name the array is the first known one, else the only complex image that is no probe.
 * @throws PtychonautError "data" when there is none, or several and no name
 */
export async function readObjectFile(address: string, { machine, store }: Home, named?: string): Promise<ObjectFile> {
  const { path, key: keyInAddress } = splitAddress(address);
  return withArrays(path, store, async (arrays, file) => ({
    path,
    sha256: await machine.sha256(file),
    ...objectIn(arrays, file, path, named ?? keyInAddress),
  }));
}

/** Of a large scan little more than the object is read. */
function objectIn(
  npz: ArrayFile,
  source: ByteSource,
  path: string,
  named: string | undefined,
): Omit<ObjectFile, "path" | "sha256"> {
  const key = named ?? knownKeys.find((name) => npz.has(name)) ?? onlyComplexImage(npz, path);
  if (!npz.has(key)) throw noObject(npz, path, `an array "${key}"`);
  if (key === "object" && ["origin", "coverage", "positions"].every((name) => npz.has(name)))
    return { key, ...readReconstruction(source, path) };
  // A scan's own object defines the object pixels.
  const origin = key === "objectGuess" ? { origin: { y: 0, x: 0 }, pixelRatio: [1, 1] as const } : {};
  const { objectPixelM: pixelSizeM } = readGeometry(npz, {}, undefined, path, []);
  return {
    key,
    ...complexImageOf(npz, key, path),
    ...origin,
    ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
  };
}

function onlyComplexImage(npz: ArrayFile, path: string): string {
  const images = npz.keys.filter((key) => {
    const { dtype, shape } = npz.header(key);
    return dtype.startsWith("complex") && squeezed(shape).length === 2 && !isProbe(npz, key);
  });
  if (images.length === 1) return images[0];
  throw noObject(npz, path, images.length === 0 ? "objectGuess, object or a complex image" : "one complex image");
}

/** By its name, or because patterns of its size are in the file. A probe is no reference, though it is a complex image. */
function isProbe(npz: ArrayFile, key: string): boolean {
  if (/probe|illum/i.test(key)) return true;
  const frame = squeezed(npz.header(key).shape).join();
  return npz.keys.some((other) => {
    const { dtype, shape } = npz.header(other);
    const stack = shape.length >= 3 && !dtype.startsWith("complex");
    return stack && (shape.slice(-2).join() === frame || (shape.length === 3 && shape.slice(0, 2).join() === frame));
  });
}

function noObject(npz: ArrayFile, path: string, expected: string): PtychonautError {
  return new PtychonautError("data", "no object in this file", {
    where: path,
    expected,
    got: `the arrays ${npz.keys.join(", ")}`,
    fix: `name the array: ${path}${SEPARATOR}NAME`,
  });
}

function complexImageOf(npz: ArrayFile, key: string, path: string): Pick<ObjectFile, "object" | "warnings"> {
  const array = npz.readNumbers(key);
  const { shape: stored, dtype } = array;
  const shape = squeezed(stored);
  if (shape.length === 2 && dtype.startsWith("complex")) {
    const { data, warnings } = objectNumbers(array, `${path}: ${key}`);
    return { object: { shape, data }, ...(warnings.length === 0 ? {} : { warnings }) };
  }
  throw new PtychonautError("data", "the object is not a complex image", {
    where: `${path}: ${key}`,
    expected: "complex (y, x)",
    got: `${dtype} (${stored.join(", ")})`,
  });
}

/** Without leading axes of length one, down to two axes. */
function squeezed(shape: readonly number[]): readonly number[] {
  const from = shape.findIndex((extent, axis) => extent !== 1 || axis >= shape.length - 2);
  return shape.slice(Math.max(0, from));
}
