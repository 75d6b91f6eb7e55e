import type { RealArray } from "../arrays.ts";
import { shiftToCentre } from "../data/centredPatterns.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { ScanOptions } from "./scanOptions.ts";

/** What a file may say of detector pixels and of frames beside the patterns. */

export function optionalMask(
  file: ArrayFile,
  options: ScanOptions,
  [height, width]: readonly [number, number],
  at: (key: string) => string,
): { readonly mask?: RealArray } {
  if (!file.has("mask")) return {};
  const array = file.readNumbers("mask");
  const complex = array.dtype.startsWith("complex");
  if (complex || array.shape.join() !== `${height},${width}` || array.data.some((value) => value !== 0 && value !== 1))
    throw new PtychonautError("data", "the mask does not fit", {
      where: at("mask"),
      expected: `(${height}, ${width}) of 0 and 1, 1 = valid`,
      got: `${array.dtype} (${array.shape.join(", ")})`,
    });
  const data = Float32Array.from(array.data);
  if (options.dcAt === "corner") shiftToCentre(data, array.data, height, width);
  return { mask: { shape: [height, width], data } };
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
