import type { ArrayHeader } from "../arrayFile.ts";
import type { NumericDtype } from "../npy.ts";
import type { Hdf5Metadata } from "./library.ts";

/** What elements of an HDF5 type are here. */
export interface Hdf5Kind {
  readonly dtype: ArrayHeader["dtype"];
  /** In words, of what is not read (dtype "object"). */
  readonly kind?: string;
  readonly itemSize: number;
  /** Axes of their own that elements have. */
  readonly inner: readonly number[];
}

/** H5T_class_t. */
const INTEGER = 0;
const FLOAT = 1;
const TEXT = 3;
const BITS = 4;
const COMPOUND = 6;
const ENUM = 8;
const ARRAY = 10;
const COMPLEX = 11;

const UNREAD: Readonly<Record<number, string>> = {
  2: "times",
  5: "opaque bytes",
  7: "references",
  9: "lists of different lengths",
};

const COMPLEX_NAMES = ["r,i", "real,imag", "re,im", "real,imaginary"];

export function kindOf(type: Hdf5Metadata): Hdf5Kind {
  const { size } = type;
  const plain = (dtype: NumericDtype | undefined, otherwise: string): Hdf5Kind =>
    dtype === undefined ? unread(otherwise, size) : { dtype, itemSize: size, inner: [] };
  switch (type.type) {
    case INTEGER:
      return plain(integer(size, type.signed), `integers of ${size} bytes`);
    case BITS:
      return plain(integer(size, false), `bit fields of ${size} bytes`);
    case FLOAT:
      return plain(FLOATS[size], `floating-point numbers of ${size} bytes`);
    case TEXT:
      return { dtype: "string", itemSize: size, inner: [] };
    case ENUM:
      return plain(isBoolean(type) ? "bool" : integer(size, type.signed), `an enumeration of ${size} bytes`);
    case COMPLEX:
      return plain(COMPLEXES[size], `complex numbers of ${size} bytes`);
    case COMPOUND:
      return plain(complexOf(type), `compounds of (${memberNames(type).join(", ")})`);
    case ARRAY:
      return arrayOf(type);
    default:
      return unread(UNREAD[type.type] ?? `HDF5's class ${type.type}`, size);
  }
}

const unread = (kind: string, itemSize: number): Hdf5Kind => ({ dtype: "object", kind, itemSize, inner: [] });

const integer = (size: number, signed: boolean): NumericDtype | undefined =>
  [1, 2, 4, 8].includes(size) ? (`${signed ? "" : "u"}int${8 * size}` as NumericDtype) : undefined;

const FLOATS: Readonly<Record<number, NumericDtype>> = { 2: "float16", 4: "float32", 8: "float64" };
const COMPLEXES: Readonly<Record<number, NumericDtype>> = { 8: "complex64", 16: "complex128" };

/** As h5py and NeXus write them. */
const isBoolean = ({ size, enum_type }: Hdf5Metadata): boolean =>
  size === 1 && Object.keys(enum_type?.members ?? {}).join() === "FALSE,TRUE";

const memberNames = ({ compound_type }: Hdf5Metadata): string[] =>
  (compound_type?.members ?? []).map(({ name }) => name);

/** Two floating-point numbers of one size, one after the other, that are named as the parts of a complex number are. */
function complexOf(type: Hdf5Metadata): NumericDtype | undefined {
  const [re, im, ...more] = type.compound_type?.members ?? [];
  if (re === undefined || im === undefined || more.length > 0) return undefined;
  const half = type.size / 2;
  const fits = [re, im].every((part, k) => part.type === FLOAT && part.size === half && part.offset === k * half);
  const named = COMPLEX_NAMES.includes(memberNames(type).join().toLowerCase());
  return fits && named && re.littleEndian === im.littleEndian ? COMPLEXES[type.size] : undefined;
}

function arrayOf({ array_type: element, size }: Hdf5Metadata): Hdf5Kind {
  if (element === undefined || element.shape === null) return unread("arrays in each element", size);
  const kind = kindOf(element);
  if (kind.dtype === "object" || kind.dtype === "string") return unread(`arrays of ${kind.kind ?? "text"}`, size);
  return { ...kind, inner: [...element.shape, ...kind.inner] };
}
