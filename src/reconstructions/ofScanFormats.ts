import type { ArrayFile } from "../formats/arrayFile.ts";
import { resolveGeometry } from "../optics/geometry.ts";
import { attempted } from "../scans/checks/finding.ts";
import { chooseFormat } from "../scans/registry.ts";
import { imageOf } from "./objectImage.ts";
import type { FoundObject } from "./reconstructionFormat.ts";

/** Formats that know their files by names alone: an object in them is found as in any file. */
const byNames: ReadonlySet<string> = new Set(["named", "frames"]);

/** Below it, names and shapes fit by chance. */
const CERTAIN = 0.85;

/**
 * The object that a scan format finds in a file of its own: results of tike, PtyLab, PtyRAD, fold_slice and the like, with
 * their axes and the size of a pixel. Beside its patterns it defines the object pixels; alone it does not say where it lies.
 * Undefined where no format knows the file for certain, or it has no object.
 * @throws PtychonautError "data" for an object that is no complex image
 */
export function objectOfScanFormat(file: ArrayFile, where: string): FoundObject | undefined {
  const { value: chosen } = attempted(() => chooseFormat(file, {}, where));
  if (chosen === undefined || chosen.confidence < CERTAIN || byNames.has(chosen.format.name)) return undefined;
  const { value: parts } = attempted(() => chosen.format.parts(file, {}, where));
  if (parts?.object === undefined) return undefined;
  const { object, patterns, probe, geometry } = parts;
  const side = (patterns === undefined ? probe?.shape : patterns.file.header(patterns.key).shape)?.at(-1);
  const { value } = attempted(() => resolveGeometry(geometry, side, where));
  const pixelSizeM = value?.objectPixelM;
  return {
    key: object.key,
    ...imageOf(object.read(), `${where}: ${object.key}`),
    ...(patterns === undefined ? {} : { origin: { y: 0, x: 0 }, pixelRatio: [1, 1] as const }),
    ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
  };
}
