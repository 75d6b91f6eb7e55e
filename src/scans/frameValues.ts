import type { RealArray } from "../arrays.ts";
import { shiftToCentre } from "../data/centredPatterns.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { ArrayPart } from "./parts.ts";
import type { ScanOptions } from "./scanOptions.ts";

/** What a file may say of detector pixels and of frames beside the patterns. */

export function optionalMask(
  part: ArrayPart | undefined,
  options: ScanOptions,
  [height, width]: readonly [number, number],
  at: (key: string) => string,
): { readonly mask?: RealArray } {
  if (part === undefined) return {};
  const array = part.read();
  const complex = array.dtype.startsWith("complex");
  if (complex || array.shape.join() !== `${height},${width}`)
    throw new PtychonautError("data", "the mask does not fit", {
      where: at(part.key),
      expected: `(${height}, ${width}) of 0 and 1, 1 = valid`,
      got: `${array.dtype} (${array.shape.join(", ")})`,
    });
  if (!array.data.every(tellsValidity))
    throw new PtychonautError("data", "the mask has other values than 0 and 1", {
      where: at(part.key),
      expected: "1 where a pixel is valid, 0 where it is not",
      got: valuesIn(array.data),
      fix: "save it as (mask > 0), or by the condition that tells valid pixels, as 0 and 1",
    });
  const data = Float32Array.from(array.data);
  if (options.dcAt === "corner") shiftToCentre(data, array.data, height, width);
  return { mask: { shape: [height, width], data } };
}

export const tellsValidity = (value: number): boolean => value === 0 || value === 1;

/** The first few different values, and how many more there are. */
function valuesIn(data: ArrayLike<number>): string {
  const different = [...new Set(Array.from(data))];
  const shown = different.slice(0, 5).map((value) => `${value}`);
  const more = different.length - shown.length;
  return `the values ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

export function readScanIndex(file: ArrayFile, count: number, at: (key: string) => string): Int32Array | undefined {
  if (!file.has("scan_index")) return undefined;
  const array = file.readNumbers("scan_index");
  const complex = array.dtype.startsWith("complex");
  if (complex || array.data.length !== count || array.data.some((value) => !Number.isInteger(value)))
    throw new PtychonautError("data", "scan_index does not fit", {
      where: at("scan_index"),
      expected: `${count} integers`,
      got: `${array.dtype} (${array.shape.join(", ")})`,
    });
  return Int32Array.from(array.data);
}

export function readFrameIntensities(
  file: ArrayFile,
  count: number,
  at: (key: string) => string,
): Float64Array | undefined {
  if (!file.has("frame_intensity")) return undefined;
  const { dtype, shape, data } = file.readNumbers("frame_intensity");
  const real = !dtype.startsWith("complex");
  if (!real || data.length !== count || data.some((value) => !(value > 0 && Number.isFinite(value))))
    throw new PtychonautError("data", "frame_intensity does not fit", {
      where: at("frame_intensity"),
      expected: `${count} positive numbers`,
      got: `${dtype} (${shape.join(", ")})`,
    });
  return Float64Array.from(data);
}
