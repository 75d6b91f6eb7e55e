import type { ComplexArray, RealArray } from "../../arrays.ts";
import { array, group, type Hdf5Group, numbers } from "../../formats/hdf5/tree.ts";
import type { NumericArray } from "../../formats/npy.ts";
import { middleOf } from "../scanPositions.ts";
import type { FramesToWrite } from "./framesToWrite.ts";
import { positionsInMetres, type WaveGeometry } from "./metres.ts";

/**
 * The frame of reference of CXI files: z along the beam, y up, x to the left for whoever looks along the beam. Rows of a
 * pattern, and of the object, go down (−y), columns to the right (−x).
 */
const ROWS = [0, -1, 0] as const;
const COLUMNS = [-1, 0, 0] as const;

/** `[3, 2]`: the steps of a row and of a column, metres. */
export function basisVectors(pixelM: number): NumericArray {
  return numbers(
    ROWS.flatMap((row, axis) => [row * pixelM, COLUMNS[axis] * pixelM].map((value) => value + 0)),
    [3, 2],
  );
}

/** `[frame, 3]` (x, y, z): where the sample is in metres. It moves against the probe, which stays where it is. */
export function sampleTranslation(scan: FramesToWrite, { objectPixelM }: WaveGeometry): NumericArray {
  const { y, x } = positionsInMetres(scan, objectPixelM);
  const out = new Float64Array(3 * y.length);
  for (let k = 0; k < y.length; k++)
    for (let axis = 0; axis < 3; axis++) out[3 * k + axis] = 0 - (y[k] * ROWS[axis] + x[k] * COLUMNS[axis]);
  return numbers(out, [y.length, 3]);
}

/** CXI_PIXEL_IS_INVALID. */
const INVALID = 1;

/** Bits of what is wrong with a pixel; 0 is a good one. */
export function pixelMask({ shape, data }: RealArray): NumericArray {
  return numbers(
    Array.from(data, (valid) => (valid === 0 ? INVALID : 0)),
    shape,
    "uint32",
  );
}

export const complexValue = ({ shape, data }: ComplexArray): NumericArray => ({ shape, data, dtype: "complex64" });

/** `[y, x]` of a probe of one mode, else `[mode, y, x]`. */
export function probeValue({ shape, data }: ComplexArray): NumericArray {
  return { shape: shape[0] === 1 ? shape.slice(1) : shape, data, dtype: "complex64" };
}

/** An image of CXI: the object in its own plane, of a size in metres where its pixel is known. */
export function imageGroup(
  object: ComplexArray,
  pixelM: number | undefined,
  attributes: Readonly<Record<string, string>> = {},
): Hdf5Group {
  const [row, column] = middleOf(object);
  const [height, width] = object.shape;
  return group(
    {
      data: array(complexValue(object)),
      data_space: array("real"),
      is_fft_shifted: array(numbers([0], [], "int64")),
      image_center: array(numbers([column, row, 0])),
      ...(pixelM === undefined ? {} : { image_size: array(numbers([width * pixelM, height * pixelM, 0])) }),
    },
    attributes,
  );
}

/** What was done, as CXI keeps it. */
export function processGroup(history: readonly string[]): Hdf5Group {
  return group({ command: array(history[0] ?? "ptychonaut"), note: array(history.join("\n")) });
}
