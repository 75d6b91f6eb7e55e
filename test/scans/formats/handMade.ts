import type { ArrayFile } from "../../../src/formats/arrayFile.ts";
import type { NpyArray, NumericArray } from "../../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../../src/formats/npz.ts";

/** A file of arrays by their paths, with attributes of groups and arrays, as HDF5 has them. */
export function fileOf(
  arrays: Readonly<Record<string, NpyArray>>,
  attributes: Readonly<Record<string, Readonly<Record<string, NpyArray>>>> = {},
): ArrayFile {
  return {
    ...openNpz(writeNpz(arrays), "hand-made"),
    container: "HDF5",
    storedAt: () => undefined,
    attributes: (key = "") => attributes[key] ?? {},
  };
}

export const scalar = (value: number): NumericArray => ({ shape: [], dtype: "float64", data: Float64Array.of(value) });
export const text = (value: string): NpyArray => ({ shape: [], dtype: "string", data: [value] });
export const real = (shape: readonly number[], data: ArrayLike<number>): NumericArray => ({
  shape,
  dtype: "float64",
  data: Float64Array.from(data),
});
export const float32 = (shape: readonly number[], data: ArrayLike<number>): NumericArray => ({
  shape,
  dtype: "float32",
  data: Float32Array.from(data),
});
export const complex = (shape: readonly number[], data: ArrayLike<number>): NumericArray => ({
  shape,
  dtype: "complex64",
  data: Float32Array.from(data),
});
