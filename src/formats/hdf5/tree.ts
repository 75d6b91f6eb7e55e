import type { NumericArray, TextArray } from "../npy.ts";

/**
 * What is to be written into an HDF5 file: a tree of groups, arrays and soft links, with attributes. Complex arrays become
 * compounds of `r` and `i`, as h5py has them; texts are UTF-8 of any length.
 */
export interface Hdf5Group {
  readonly kind: "group";
  readonly members: Readonly<Record<string, Hdf5Node>>;
  readonly attributes: Hdf5Attributes;
}

export type Hdf5Node = Hdf5Group | Hdf5Array | Hdf5Frames | Hdf5Link;

export interface Hdf5Array {
  readonly kind: "array";
  readonly value: Hdf5Value;
  readonly attributes: Hdf5Attributes;
}

/** Patterns, `[frame, y, x]` in chunks, that come some whole frames at a time; as integers they must be such. */
export interface Hdf5Frames {
  readonly kind: "frames";
  readonly shape: readonly [count: number, height: number, width: number];
  readonly dtype: "float32" | "uint8" | "uint16" | "uint32";
  readonly frames: Iterable<Float32Array> | AsyncIterable<Float32Array>;
  readonly compress: boolean;
  readonly attributes: Hdf5Attributes;
}

/** A soft link to a path in the same file. */
export interface Hdf5Link {
  readonly kind: "link";
  readonly target: string;
}

/** Arrays; a number alone is a float64, a text alone one text. */
export type Hdf5Value = NumericArray | TextArray | number | string;

export type Hdf5Attributes = Readonly<Record<string, Hdf5Value>>;

/** Members that are undefined are left out. */
export function group(
  members: Readonly<Record<string, Hdf5Node | undefined>>,
  attributes: Hdf5Attributes = {},
): Hdf5Group {
  const there = Object.entries(members).filter((entry): entry is [string, Hdf5Node] => entry[1] !== undefined);
  return { kind: "group", members: Object.fromEntries(there), attributes };
}

export const array = (value: Hdf5Value, attributes: Hdf5Attributes = {}): Hdf5Array => ({
  kind: "array",
  value,
  attributes,
});

export const link = (target: string): Hdf5Link => ({ kind: "link", target });

export const integer = (value: number): NumericArray => ({ shape: [], dtype: "int64", data: Float64Array.of(value) });

/** An array of real numbers, float64 unless said otherwise. */
export const numbers = (
  data: ArrayLike<number>,
  shape: readonly number[] = [data.length],
  dtype: "float64" | "float32" | "int64" | "int32" | "uint32" | "uint8" = "float64",
): NumericArray => {
  const stored = { float64: Float64Array, int64: Float64Array, float32: Float32Array, int32: Int32Array } as const;
  const other = { uint32: Uint32Array, uint8: Uint8Array } as const;
  return { shape, dtype, data: { ...stored, ...other }[dtype].from(data) };
};
