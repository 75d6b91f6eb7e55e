import { sizeOf } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile, ArrayHeader, ChunkedElements, StoredElements } from "./arrayFile.ts";
import type { ByteSource } from "./byteSource.ts";
import { namesText } from "./foldedNames.ts";
import {
  decodeElements,
  type NpyArray,
  type NumericArray,
  type NumericDtype,
  type TextArray,
  writeNpy,
} from "./npy.ts";
import { stretchOf } from "./pieces.ts";
import { toRowMajor } from "./rowMajor.ts";

/** An array as a container finds it in its file: what `listedArrays` makes an `ArrayFile` of. */
export interface ListedArray {
  readonly header: ArrayHeader;
  readonly attributes?: Readonly<Record<string, NpyArray>>;
  /** The bytes of all elements in the order of the header, piece by piece, each valid until the next. */
  elements(): Iterable<Uint8Array>;
  /** Some of these bytes, where they can be had without those before them. */
  stretch?(from: number, length: number): Uint8Array;
  readonly storedAt?: StoredElements;
  readonly chunked?: ChunkedElements;
  /** Of arrays that hold text. */
  text?(): TextArray;
}

export interface Listing {
  readonly container: string;
  readonly arrays: ReadonlyMap<string, ListedArray>;
  /** Of the file as a whole. */
  readonly attributes?: Readonly<Record<string, NpyArray>>;
  /** What lies under a name that is no array that can be read, in words: "a sparse matrix". */
  readonly refused?: ReadonlyMap<string, string>;
  /** Names the file in errors. */
  readonly where: string;
  close?(): void;
}

/** Makes a file of arrays of what a container found. Keys are known with and without a leading slash. */
export function listedArrays({ container, arrays, attributes = {}, refused, where, close }: Listing): ArrayFile {
  const place = (key: string): string => `${where}: ${key}`;
  const bare = (key: string): string => key.replace(/^\//, "");
  const find = (key: string): ListedArray => {
    const array = arrays.get(bare(key));
    if (array !== undefined) return array;
    const other = refused?.get(bare(key));
    throw new PtychonautError(
      "data",
      other === undefined ? `no array "${key}"` : `"${key}" is ${other}, which is not read`,
      { where, expected: `one of ${namesText([...arrays.keys()])}` },
    );
  };
  const stretch = (array: ListedArray, from: number, length: number): Uint8Array => {
    if (array.storedAt !== undefined) return array.storedAt.source.read(array.storedAt.offset + from, length);
    return array.stretch?.(from, length) ?? stretchOf(array.elements(), from, length);
  };
  const readNumbers = (key: string): NumericArray => {
    const array = find(key);
    const { header } = array;
    if (array.text !== undefined)
      throw new PtychonautError("data", "wrong dtype", { where: place(key), expected: "numbers", got: "text" });
    const dtype = header.dtype as NumericDtype;
    const data = decodeElements(header, wholeOf(array), place(key));
    const turned = header.fortranOrder && header.shape.length > 1;
    return {
      shape: header.shape,
      dtype,
      data: turned ? toRowMajor(data, header.shape, dtype.startsWith("complex") ? 2 : 1) : data,
    };
  };
  return {
    container,
    keys: [...arrays.keys()],
    has: (key) => arrays.has(bare(key)),
    header: (key) => find(key).header,
    attributes: (key) => (key === undefined ? attributes : (find(key).attributes ?? {})),
    read: (key) => find(key).text?.() ?? readNumbers(key),
    readNumbers,
    readImages(key, first, count) {
      const array = find(key);
      const { shape, itemSize, fortranOrder, dtype } = array.header;
      const size = sizeOf(shape.slice(-2));
      const components = dtype.startsWith("complex") ? 2 : 1;
      if (fortranOrder)
        return readNumbers(key).data.subarray(first * size * components, (first + count) * size * components);
      return decodeElements(array.header, stretch(array, first * size * itemSize, count * size * itemSize), place(key));
    },
    elements: (key) => find(key).elements(),
    storedAt: (key) => find(key).storedAt,
    chunked: (key) => find(key).chunked,
    close: close ?? (() => {}),
  };
}

/** Bytes read at a time. */
const PIECE = 2 ** 22;

/** An array whose elements lie in the file as they are. */
export function storedArray(
  source: ByteSource,
  offset: number,
  header: ArrayHeader,
  attributes: Readonly<Record<string, NpyArray>> = {},
): ListedArray {
  return {
    header,
    attributes,
    storedAt: { source, offset },
    *elements() {
      const bytes = header.dataBytes ?? 0;
      for (let at = 0; at < bytes; at += PIECE) yield source.read(offset + at, Math.min(PIECE, bytes - at));
    },
  };
}

/** A small array that was read while the file was opened. */
export function heldArray(array: NpyArray, attributes: Readonly<Record<string, NpyArray>> = {}): ListedArray {
  const { shape, dtype } = array;
  if (dtype === "string") {
    const header = { shape, dtype, fortranOrder: false, littleEndian: true, itemSize: 0, dataBytes: undefined };
    const encoded = (): Uint8Array => new TextEncoder().encode(array.data.join("\n"));
    return { header, attributes, elements: () => [encoded()], text: () => array };
  }
  const itemSize = itemSizes[dtype];
  const dataBytes = sizeOf(shape) * itemSize;
  const header = { shape, dtype, fortranOrder: false, littleEndian: true, itemSize, dataBytes };
  const bytes = (): Uint8Array => {
    const npy = writeNpy(array);
    return npy.subarray(npy.length - dataBytes);
  };
  return { header, attributes, elements: () => [bytes()], stretch: (from, n) => bytes().subarray(from, from + n) };
}

/** Bytes of an element in a file. */
export const itemSizes: Readonly<Record<NumericDtype, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
  complex64: 8,
  complex128: 16,
};

/** Numbers for attributes. */
export const numbers = (...values: readonly number[]): NpyArray => ({
  shape: values.length === 1 ? [] : [values.length],
  dtype: "float64",
  data: Float64Array.from(values),
});

/** Text for attributes. */
export const words = (...values: readonly string[]): NpyArray => ({
  shape: values.length === 1 ? [] : [values.length],
  dtype: "string",
  data: values,
});

/** All bytes of an array. Everything is taken, for the sake of checksums. */
function wholeOf({ header, storedAt, elements }: ListedArray): Uint8Array {
  const length = header.dataBytes ?? 0;
  if (storedAt !== undefined) return storedAt.source.read(storedAt.offset, length);
  const out = new Uint8Array(length);
  let filled = 0;
  for (const piece of elements()) {
    out.set(piece, filled);
    filled += piece.length;
  }
  return out;
}
