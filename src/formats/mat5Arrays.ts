import { sizeOf } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { type ByteStream, blocksOf } from "./byteStream.ts";
import { itemSizes, type ListedArray, words } from "./listedArrays.ts";
import { checkTextSize, decodeElements, type NumericDtype } from "./npy.ts";

/** Bits of an array's flags. */
export const COMPLEX = 0x800;
export const LOGICAL = 0x200;

/** What starts an element of MATLAB's level 5. */
export interface Tag {
  readonly type: number;
  readonly bytes: number;
  /** Bytes before its data: small ones have it within their tag. */
  readonly start: 4 | 8;
}

export function readTag(bytes: Uint8Array, littleEndian: boolean): Tag {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint32(0, littleEndian);
  // A type fits into 16 bits; above them a small element has its size, of four bytes at most.
  if (first >>> 16 !== 0) return { type: first & 0xffff, bytes: Math.min(4, first >>> 16), start: 4 };
  return { type: first, bytes: view.getUint32(4, littleEndian), start: 8 };
}

/** An array in a stream, from the tag of its elements at `at` to `end`. */
export interface MatlabArray {
  readonly stream: ByteStream;
  readonly at: number;
  readonly end: number;
  /** Whether it is a variable itself: when its last number was read, what is compressed is verified. */
  readonly top: boolean;
  /** Of its elements; absent where there are none. */
  readonly first: Tag | undefined;
  /** Its class, by MATLAB's number. */
  readonly kind: number;
  readonly complex: boolean;
  readonly logical: boolean;
  readonly dims: readonly number[];
  readonly littleEndian: boolean;
  readonly where: string;
}

const classNames = [
  "char",
  "sparse",
  "double",
  "single",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
];
const className = ({ kind, logical }: MatlabArray): string => (logical ? "logical" : classNames[kind - 4]);

const classDtypes: Readonly<Record<number, NumericDtype>> = {
  ...{ 6: "float64", 7: "float32", 8: "int8", 9: "uint8", 10: "int16", 11: "uint16", 12: "int32", 13: "uint32" },
  ...{ 14: "int64", 15: "uint64" },
};

/** In which elements may be stored, whatever their class: doubles that are small integers take a byte each. */
const storedDtypes: Readonly<Record<number, NumericDtype>> = {
  ...{ 1: "int8", 2: "uint8", 3: "int16", 4: "uint16", 5: "int32", 6: "uint32", 7: "float32", 9: "float64" },
  ...{ 12: "int64", 13: "uint64" },
};

/** Elements converted at a time. */
const BLOCK = 2 ** 16;

/** @throws PtychonautError "data" where the elements do not take what the shape says */
export function matlabNumbers(array: MatlabArray): ListedArray {
  const { stream, kind, dims, littleEndian, complex, logical } = array;
  const own = classDtypes[kind];
  const real = part(array, array.first ?? { type: 9, bytes: 0, start: 8 }, array.at);
  const attributes = { matlab_class: words(className(array)) };
  const dtype: NumericDtype = complex
    ? own === "float32"
      ? "complex64"
      : "complex128"
    : logical && own === "uint8"
      ? "bool"
      : own;
  const itemSize = itemSizes[dtype];
  const shared = { shape: dims, dtype, fortranOrder: true, itemSize, dataBytes: sizeOf(dims) * itemSize };
  if (!complex && real.dtype === own) {
    const { stored } = stream;
    return {
      header: { ...shared, littleEndian },
      attributes,
      elements: () => blocksOf(stream, real.from, real.bytes, BLOCK * itemSize, array.where, array.top),
      ...(stored === undefined ? {} : { storedAt: { source: stored.source, offset: stored.offset + real.from } }),
    };
  }
  return {
    header: { ...shared, littleEndian: true },
    attributes,
    elements: () => (complex ? interleaved(array, real, dtype) : converted(array, real, dtype)),
  };
}

/** One of an array's parts, real or imaginary, as it lies in the stream. */
interface Part {
  readonly dtype: NumericDtype;
  readonly from: number;
  readonly bytes: number;
  /** Where the next part starts. */
  readonly next: number;
}

function part({ stream, dims, end, where }: MatlabArray, tag: Tag, at: number): Part {
  const dtype = storedDtypes[tag.type];
  if (dtype === undefined)
    throw new PtychonautError("data", `numbers are stored in an unknown type, ${tag.type}`, { where });
  const expected = sizeOf(dims) * itemSizes[dtype];
  const from = at + tag.start;
  if (tag.bytes !== expected || from + tag.bytes > end || end > stream.most)
    throw new PtychonautError("data", "the numbers of an array do not fit its shape", {
      where,
      expected: `${expected} bytes for shape (${dims.join(", ")}) in ${dtype}`,
      got: `${tag.bytes} bytes`,
    });
  const next = tag.start === 4 ? at + 8 : from + 8 * Math.ceil(tag.bytes / 8);
  return { dtype, from, bytes: tag.bytes, next };
}

function* numbersOf(array: MatlabArray, { dtype, from, bytes }: Part): Generator<ArrayLike<number>, void, void> {
  const itemSize = itemSizes[dtype];
  for (const block of blocksOf(array.stream, from, bytes, BLOCK * itemSize, array.where, array.top))
    yield decodeElements({ dtype, itemSize, littleEndian: array.littleEndian }, block, array.where);
}

function* converted(array: MatlabArray, real: Part, dtype: NumericDtype): Generator<Uint8Array, void, void> {
  for (const block of numbersOf(array, real)) yield bytesOf(typed(dtype, block));
}

function* interleaved(array: MatlabArray, real: Part, dtype: NumericDtype): Generator<Uint8Array, void, void> {
  const [head] = blocksOf(array.stream, real.next, 8, 8, array.where);
  const imaginary = numbersOf(array, part(array, readTag(head, array.littleEndian), real.next));
  for (const re of numbersOf(array, real)) {
    const im = imaginary.next().value as ArrayLike<number>;
    const out = dtype === "complex64" ? new Float32Array(2 * re.length) : new Float64Array(2 * re.length);
    for (let i = 0; i < re.length; i++) {
      out[2 * i] = re[i];
      out[2 * i + 1] = im[i];
    }
    yield bytesOf(out);
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function typed(dtype: NumericDtype, values: ArrayLike<number>): ArrayBufferView {
  switch (dtype) {
    case "float64":
      return Float64Array.from(values);
    case "float32":
      return Float32Array.from(values);
    case "int8":
      return Int8Array.from(values);
    case "int16":
      return Int16Array.from(values);
    case "uint16":
      return Uint16Array.from(values);
    case "int32":
      return Int32Array.from(values);
    case "uint32":
      return Uint32Array.from(values);
    case "int64":
      return BigInt64Array.from(Array.from(values, BigInt));
    case "uint64":
      return BigUint64Array.from(Array.from(values, BigInt));
    default:
      return Uint8Array.from(values);
  }
}

/** Text: one string, or one a row, in which MATLAB fills short ones up with spaces. */
export function matlabText(array: MatlabArray): ListedArray {
  const { stream, at, end, dims, littleEndian, where } = array;
  const [rows, columns] = [dims[0] ?? 0, sizeOf(dims.slice(1))];
  const shape = rows <= 1 ? [] : [rows];
  const tag: Tag = array.first ?? { type: 2, bytes: 0, start: 8 };
  if (at + tag.start + tag.bytes > end || end > stream.most)
    throw new PtychonautError("data", "the text of an array does not fit into it", { where });
  const header = {
    shape,
    dtype: "string",
    fortranOrder: false,
    littleEndian,
    itemSize: 0,
    dataBytes: undefined,
  } as const;
  const elements = (): Iterable<Uint8Array> => blocksOf(stream, at + tag.start, tag.bytes, BLOCK, where);
  const read = (): string[] => {
    checkTextSize(header, tag.bytes, where);
    const bytes = new Uint8Array(tag.bytes);
    let filled = 0;
    for (const block of elements()) {
      bytes.set(block, filled);
      filled += block.length;
    }
    const letters = decoded(bytes, tag.type, littleEndian, where);
    if (rows <= 1) return [letters];
    if (letters.length !== rows * columns)
      throw new PtychonautError("data", "the text of an array does not fit its shape", {
        where,
        expected: `${rows * columns} letters`,
        got: `${letters.length}`,
      });
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) => letters[row + rows * column]).join(""),
    );
  };
  return {
    header,
    attributes: { matlab_class: words("char") },
    elements,
    text: () => ({ shape, dtype: "string", data: read() }),
  };
}

const encodings: Readonly<Record<number, readonly [little: string, big: string]>> = {
  ...{ 1: ["latin1", "latin1"], 2: ["latin1", "latin1"], 16: ["utf-8", "utf-8"] },
  ...{ 4: ["utf-16le", "utf-16be"], 17: ["utf-16le", "utf-16be"] },
};

function decoded(bytes: Uint8Array, type: number, littleEndian: boolean, where: string): string {
  const encoding = encodings[type];
  if (encoding === undefined)
    throw new PtychonautError("data", `text is stored in an unknown type, ${type}`, { where });
  return new TextDecoder(encoding[littleEndian ? 0 : 1]).decode(bytes);
}
