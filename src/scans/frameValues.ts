import type { RealArray } from "../arrays.ts";
import { shiftToCentre } from "../data/centredPatterns.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { defectsIn } from "./maskBits.ts";
import type { ArrayPart } from "./parts.ts";
import { FLOAT32_MAX } from "./patternValues.ts";
import { optionAdvice, type ScanOptions } from "./scanOptions.ts";

/** What a file may say of detector pixels and of frames beside the patterns. */

/**
 * The mask as 1 = valid. What was done to it is appended to `conversions`.
 * @throws PtychonautError "data" for one that does not fit, or has other values than 0 and 1
 */
export function optionalMask(
  part: ArrayPart | undefined,
  options: ScanOptions,
  [height, width]: readonly [number, number],
  at: (key: string) => string,
  conversions: string[],
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
  const integers = /^u?int/.test(array.dtype);
  const bits = integers && options.maskValid === 0 && !array.data.every(tellsValidity);
  const values = bits ? array.data.map((value) => (defectsIn(value) === 0 ? 0 : 1)) : array.data;
  if (!values.every(tellsValidity))
    throw new PtychonautError("data", "the mask has other values than 0 and 1", {
      where: at(part.key),
      expected: "1 where a pixel is valid, 0 where it is not",
      got: valuesIn(array.data),
      fix:
        (integers ? `if they are bits of defects, 0 for a valid pixel: ${optionAdvice("maskValid", "0")}; else ` : "") +
        "save it as (mask > 0), or by the condition that tells valid pixels, as 0 and 1",
    });
  const data = Float32Array.from(values);
  if (options.dcAt === "corner") shiftToCentre(data, values, height, width);
  if (options.maskValid === 0 && part.validInFile === undefined) {
    for (let i = 0; i < data.length; i++) data[i] = 1 - data[i];
    conversions.push("mask turned over: 0 is valid in the file");
  }
  return { mask: { shape: [height, width], data } };
}

/**
 * Counts that are taken off every pattern: an image, or the mean of several.
 * @throws PtychonautError "data" for one that does not fit, is not finite or below zero
 */
export function optionalBackground(
  part: ArrayPart | undefined,
  options: ScanOptions,
  [height, width]: readonly [number, number],
  at: (key: string) => string,
): { readonly background?: Float32Array } {
  if (part === undefined) return {};
  const { shape, dtype, data } = part.read();
  const size = height * width;
  const fits = !dtype.startsWith("complex") && shape.slice(-2).join() === `${height},${width}` && data.length > 0;
  const mean = new Float64Array(fits ? size : 0);
  if (fits) for (let i = 0; i < data.length; i++) mean[i % size] += (data[i] * size) / data.length;
  if (!fits || mean.some((value) => !(value >= 0 && value <= FLOAT32_MAX)))
    throw new PtychonautError("data", "the background does not fit the patterns", {
      where: at(part.key),
      expected: `finite counts, none below zero, (${height}, ${width})`,
      got: fits ? "other numbers" : `${dtype} (${shape.join(", ")})`,
      fix: "give one that was taken as the patterns were",
    });
  const background = Float32Array.from(mean);
  if (options.dcAt === "corner") shiftToCentre(background, mean, height, width);
  return { background };
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
