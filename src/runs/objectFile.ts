import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { namesText } from "../formats/foldedNames.ts";
import { objectImage, squeezed } from "../reconstructions/objectImage.ts";
import { objectOfScanFormat } from "../reconstructions/ofScanFormats.ts";
import type { FoundObject } from "../reconstructions/reconstructionFormat.ts";
import { recogniseReconstruction } from "../reconstructions/registry.ts";
import { parseAddress, SEPARATOR } from "../scans/addresses.ts";
import { attempted } from "../scans/checks/finding.ts";
import { readGeometry } from "../scans/scanGeometry.ts";
import type { Home } from "./machine.ts";
import { contentHash, withArrays } from "./openArrays.ts";

/** A complex object out of a file, with what the file says about its place. */
export interface ObjectFile extends FoundObject {
  readonly path: string;
  readonly sha256: string;
}

/** Names that an object's array has, ours first; some of these files hold other complex images too. */
const knownKeys = ["objectGuess", "object", "reconstructed_object", "psi", "obj"] as const;

/** `file.npz::array`, or the path alone. */
export function splitAddress(address: string): { readonly path: string; readonly key?: string } {
  const { path, keys } = parseAddress(address);
  return keys.length === 0 ? { path } : { path, key: keys.join(",") };
}

/**
 * Reads a complex image out of a file: a reconstruction with what its format knows of its place, the object of a scan format
 * or of another program, as `file.npz::array`, or a scan's `objectGuess`, whose first pixel is the origin of object pixels.
 * Leading axes of length one are dropped. Without a name the array is the first known one, else the only complex image that
 * is no probe.
 * @throws PtychonautError "data" when there is none, or several and no name
 */
export async function readObjectFile(address: string, { machine, store }: Home, named?: string): Promise<ObjectFile> {
  const { path, key: keyInAddress } = splitAddress(address);
  return withArrays(path, store, async (arrays, file) => ({
    path,
    sha256: await contentHash({ file, arrays }, machine),
    ...objectIn(arrays, path, named ?? keyInAddress),
  }));
}

/** Whether an object is found in a file without being named. */
export function holdsObject(file: ArrayFile, path: string): boolean {
  return attempted(() => objectIn(file, path, undefined)).value !== undefined;
}

/** Of a large scan little more than the object is read. */
function objectIn(file: ArrayFile, path: string, named: string | undefined): FoundObject {
  const known = recogniseReconstruction(file);
  if (known !== undefined && (named ?? known.key) === known.key) return known.format.read(file, path);
  const ofFormat = known === undefined ? objectOfScanFormat(file, path) : undefined;
  if (ofFormat !== undefined && (named ?? ofFormat.key) === ofFormat.key) return ofFormat;
  const key = named ?? knownKeys.find((name) => file.has(name)) ?? onlyComplexImage(file, path);
  if (!file.has(key)) throw noObject(file, path, `an array "${key}"`);
  // A scan's own object defines the object pixels.
  const origin = key === "objectGuess" ? { origin: { y: 0, x: 0 }, pixelRatio: [1, 1] as const } : {};
  const { objectPixelM: pixelSizeM } = readGeometry(file, {}, undefined, path, []);
  return {
    key,
    ...objectImage(file, key, path),
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
    got: `the arrays ${namesText(npz.keys)}`,
    fix: `name the array: ${path}${SEPARATOR}NAME`,
  });
}
