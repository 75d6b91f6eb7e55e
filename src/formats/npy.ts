import type { RealDtype } from "../arrays.ts";
import { sizeOf } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { pickledText } from "./pickledText.ts";
import { toRowMajor } from "./rowMajor.ts";

/**
 * NumPy's .npy format, versions 1 to 3 (NEP 1). Arrays come out row-major and native-endian whatever the file's order.
 */
export type NumericDtype = RealDtype | "complex64" | "complex128";

export type NpyDtype = NumericDtype | "string";

export type NumericData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/**
 * Numbers with their shape. `dtype` is the file's; `data` holds what JavaScript can compute with: float16 widened to
 * Float32Array, int64 and uint64 to Float64Array (integers beyond 2⁵³ are refused), bool as 0 and 1, complex
 * interleaved re, im (so `data` is twice as long as the shape says).
 */
export interface NumericArray {
  readonly shape: readonly number[];
  readonly dtype: NumericDtype;
  readonly data: NumericData;
}

/** Unicode or byte strings, one an element. */
export interface TextArray {
  readonly shape: readonly number[];
  readonly dtype: "string";
  readonly data: readonly string[];
}

export type NpyArray = NumericArray | TextArray;

export interface NpyHeader {
  readonly shape: readonly number[];
  /** `bytes` reads as text of one byte a character. `object` is Python's: only a text inside it can be read. */
  readonly dtype: NpyDtype | "bytes" | "object";
  readonly fortranOrder: boolean;
  readonly littleEndian: boolean;
  readonly itemSize: number;
  /** Where the elements start. */
  readonly dataOffset: number;
  /** Bytes that the elements take; undefined for `object`, whose pickle has no fixed size. */
  readonly dataBytes: number | undefined;
}

/** Enough bytes to hold the header of any array without a structured dtype. */
export const NPY_HEADER_BYTES = 4096;

/** Text in scan files is metadata: a JSON document, some names. */
const MOST_TEXTS = 2 ** 16;
const MOST_TEXT_BYTES = 2 ** 26;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const NUMERIC: Readonly<Record<string, NumericDtype>> = {
  b1: "bool",
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
  c8: "complex64",
  c16: "complex128",
};

/**
 * @param bytes the start of the file; the elements need not be there
 * @throws PtychonautError "data": wrong magic, truncated, a dtype that is not numbers or text
 */
export function readNpyHeader(bytes: Uint8Array, where: string): NpyHeader {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw new PtychonautError("data", bytes.length < 10 ? "truncated .npy header" : "not a .npy array", { where });
  const version = bytes[6];
  if (version < 1 || version > 3)
    throw new PtychonautError("data", `.npy format version ${version}`, { where, expected: "1, 2 or 3" });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw new PtychonautError("data", "truncated .npy header", { where });
  const dataOffset = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataOffset > bytes.length) throw new PtychonautError("data", "truncated .npy header", { where });
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes.subarray(start, dataOffset));
  const { descr, fortranOrder, shape } = parseHeaderText(text, where);
  const { dtype, littleEndian, itemSize } = parseDescr(descr, where);
  const dataBytes = sizeOf(shape) * itemSize;
  if (!Number.isSafeInteger(dataBytes))
    throw new PtychonautError("data", `absurd shape (${shape.join(", ")})`, { where });
  return {
    shape,
    dtype,
    fortranOrder,
    littleEndian,
    itemSize,
    dataOffset,
    dataBytes: dtype === "object" ? undefined : dataBytes,
  };
}

/**
 * Refuses text that is more than metadata, before its elements are read: a header of a few bytes may claim any number
 * of empty strings.
 * @param bytes that the elements take in the file
 * @throws PtychonautError "data"
 */
export function checkTextSize(
  { dtype, shape }: Pick<NpyHeader, "dtype" | "shape">,
  bytes: number,
  where: string,
): void {
  if (dtype !== "string" && dtype !== "bytes" && dtype !== "object") return;
  if (sizeOf(shape) <= MOST_TEXTS && bytes <= MOST_TEXT_BYTES) return;
  throw new PtychonautError("data", "too much text", {
    where,
    expected: `at most ${MOST_TEXTS} texts in ${MOST_TEXT_BYTES} bytes`,
    got: `shape (${shape.join(", ")}) in ${bytes} bytes`,
    fix: "save the scan without this array",
  });
}

/**
 * Reads one array. The result may share memory with `bytes` when no conversion is needed.
 *
 * Python objects are never unpickled; a 0-d object array that holds one text (metadata as JSON) is read as that text.
 * @throws PtychonautError "data": see `readNpyHeader`; also truncated or overlong data, integers beyond 2⁵³, objects
 */
export function readNpy(bytes: Uint8Array, where: string): NpyArray {
  const header = readNpyHeader(bytes, where);
  const body = bytes.subarray(header.dataOffset);
  checkTextSize(header, body.length, where);
  if (header.dtype === "object") return { shape: [], dtype: "string", data: [objectText(header, body, where)] };
  if (body.length !== header.dataBytes)
    throw new PtychonautError(
      "data",
      body.length < header.dataBytes! ? "truncated array" : "array with bytes left over",
      {
        where,
        expected: `${header.dataBytes} bytes for shape (${header.shape.join(", ")})`,
        got: `${body.length} bytes`,
      },
    );
  if (header.dtype === "string" || header.dtype === "bytes") return readText(header, body);
  const components = header.dtype.startsWith("complex") ? 2 : 1;
  const data = decodeElements(header, body, where);
  return {
    shape: header.shape,
    dtype: header.dtype,
    data: header.fortranOrder && header.shape.length > 1 ? toRowMajor(data, header.shape, components) : data,
  };
}

/**
 * Serialises an array as .npy version 1, little-endian, row-major.
 * @throws PtychonautError "shape" when data and shape disagree
 */
export function writeNpy(array: NpyArray): Uint8Array<ArrayBuffer> {
  const components = array.dtype.startsWith("complex") ? 2 : 1;
  if (array.data.length !== components * sizeOf(array.shape))
    throw new PtychonautError("shape", "data and shape disagree", {
      expected: `${components * sizeOf(array.shape)} numbers for ${array.dtype} of shape (${array.shape.join(", ")})`,
      got: `${array.data.length}`,
    });
  const { descr, bytes } = array.dtype === "string" ? encodeText(array.data) : encodeNumbers(array);
  const header = headerBytes(descr, array.shape);
  const out = new Uint8Array(header.length + bytes.length);
  out.set(header);
  out.set(bytes, header.length);
  return out;
}

/** The header of a float32 array whose elements, little-endian and row-major, are to follow. */
export const float32Header = (shape: readonly number[]): Uint8Array => headerBytes("<f4", shape);

function headerBytes(descr: string, extents: readonly number[]): Uint8Array {
  const shape = extents.length === 1 ? `${extents[0]},` : extents.join(", ");
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const out = new Uint8Array(length);
  out.set(MAGIC);
  out[6] = 1;
  new DataView(out.buffer).setUint16(8, length - 10, true);
  out.set(new TextEncoder().encode(`${dictionary.padEnd(length - 11)}\n`), 10);
  return out;
}

function parseHeaderText(text: string, where: string): { descr: string; fortranOrder: boolean; shape: number[] } {
  const descr = /['"]descr['"]\s*:\s*['"]([^'"]*)['"]/.exec(text)?.[1];
  const fortran = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /['"]shape['"]\s*:\s*\(([\d\sL,]*)\)/.exec(text)?.[1];
  if (descr === undefined || fortran === undefined || shape === undefined)
    throw new PtychonautError("data", /descr['"]\s*:\s*\[/.test(text) ? "structured array" : "broken .npy header", {
      where,
      expected: "a plain numeric or text dtype, an order and a shape",
      got: text.trim().slice(0, 120),
    });
  const extents = shape.split(",").map((part) => part.trim().replace(/L$/, ""));
  return { descr, fortranOrder: fortran === "True", shape: extents.filter((part) => part !== "").map(Number) };
}

function parseDescr(
  descr: string,
  where: string,
): { dtype: NpyHeader["dtype"]; littleEndian: boolean; itemSize: number } {
  const match = /^([<>|=]?)([a-zA-Z])(\d*)$/.exec(descr);
  const littleEndian = match?.[1] !== ">";
  const width = Number(match?.[3] ?? 0);
  const dtype = match === null ? undefined : NUMERIC[match[2] + match[3]];
  if (dtype !== undefined) return { dtype, littleEndian, itemSize: width };
  if (match?.[2] === "U") return { dtype: "string", littleEndian, itemSize: 4 * width };
  if (match?.[2] === "S") return { dtype: "bytes", littleEndian, itemSize: width };
  if (match?.[2] === "O") return { dtype: "object", littleEndian, itemSize: 0 };
  throw new PtychonautError("data", `unsupported dtype "${descr}"`, {
    where,
    expected: "bool, integers, float16/32/64, complex64/128 or strings",
    fix: "convert the array with .astype(...) before saving",
  });
}

/**
 * Elements of one dtype, in the order of the file. May share memory with `body`.
 * @throws PtychonautError "data" for 64-bit integers beyond 2⁵³
 */
export function decodeElements(
  header: Pick<NpyHeader, "dtype" | "itemSize" | "littleEndian">,
  body: Uint8Array,
  where: string,
): NumericData {
  const dtype = header.dtype as NumericDtype;
  const width = dtype.startsWith("complex") ? header.itemSize / 2 : header.itemSize;
  const native = header.littleEndian || width === 1 ? body : byteSwapped(body, width);
  // A typed array needs its elements aligned in the buffer; archives put them anywhere. `slice` would not do: a Node
  // Buffer's is a view of the same memory.
  const aligned = native.byteOffset % width === 0 ? native : new Uint8Array(native);
  const args = [aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / width] as const;
  switch (dtype) {
    case "bool":
    case "uint8":
      return new Uint8Array(...args);
    case "int8":
      return new Int8Array(...args);
    case "int16":
      return new Int16Array(...args);
    case "uint16":
      return new Uint16Array(...args);
    case "int32":
      return new Int32Array(...args);
    case "uint32":
      return new Uint32Array(...args);
    case "int64":
      return narrowed(new BigInt64Array(...args), where);
    case "uint64":
      return narrowed(new BigUint64Array(...args), where);
    case "float16":
      return Float32Array.from(new Uint16Array(...args), halfToNumber);
    case "float32":
    case "complex64":
      return new Float32Array(...args);
    case "float64":
    case "complex128":
      return new Float64Array(...args);
  }
}

function byteSwapped(bytes: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += width) for (let j = 0; j < width; j++) out[i + j] = bytes[i + width - 1 - j];
  return out;
}

function narrowed(data: BigInt64Array | BigUint64Array, where: string): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    out[i] = Number(data[i]);
    if (!Number.isSafeInteger(out[i]))
      throw new PtychonautError("data", "64-bit integer too large", {
        where,
        got: String(data[i]),
        expected: "below 2⁵³",
      });
  }
  return out;
}

/** IEEE 754 binary16: sign, 5 exponent bits (bias 15), 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function readText(header: NpyHeader, body: Uint8Array): TextArray {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const width = header.dtype === "string" ? 4 : 1;
  const code = (at: number): number => (width === 4 ? view.getUint32(at, header.littleEndian) : body[at]);
  const data: string[] = [];
  for (let i = 0; i < sizeOf(header.shape); i++) {
    const start = i * header.itemSize;
    let end = start + header.itemSize;
    // NumPy fills short texts up with zeros.
    while (end > start && code(end - width) === 0) end -= width;
    data.push(textOfCodes((end - start) / width, (k) => code(start + k * width)));
  }
  return { shape: header.shape, dtype: "string", data };
}

/** Put together in pieces: a character at a time would make a rope of as many parts. */
function textOfCodes(length: number, code: (index: number) => number): string {
  const pieces: string[] = [];
  for (let from = 0; from < length; from += 4096) {
    const piece = Array.from({ length: Math.min(4096, length - from) }, (_, k) => code(from + k));
    pieces.push(String.fromCodePoint(...piece.map((point) => (point > 0x10ffff ? 0xfffd : point))));
  }
  return pieces.join("");
}

function objectText(header: NpyHeader, body: Uint8Array, where: string): string {
  const text = header.shape.length === 0 ? pickledText(body) : undefined;
  if (text === undefined)
    throw new PtychonautError("data", "array of Python objects", {
      where,
      expected: "numbers or text (a pickle could run code, so it is not opened)",
      fix: "save the array with a numeric dtype",
    });
  return text;
}

function encodeText(items: readonly string[]): { descr: string; bytes: Uint8Array } {
  const codes = items.map((item) => Array.from(item, (character) => character.codePointAt(0)!));
  const width = Math.max(1, ...codes.map((item) => item.length));
  const bytes = new Uint8Array(4 * width * items.length);
  const view = new DataView(bytes.buffer);
  for (const [i, item] of codes.entries())
    for (const [j, code] of item.entries()) view.setUint32(4 * (i * width + j), code, true);
  return { descr: `<U${width}`, bytes };
}

function encodeNumbers({ dtype, data }: NumericArray): { descr: string; bytes: Uint8Array } {
  const code = Object.keys(NUMERIC).find((key) => NUMERIC[key] === dtype)!;
  const descr = `${code.endsWith("1") ? "|" : "<"}${code}`;
  const native = encoded(dtype, data);
  return { descr, bytes: new Uint8Array(native.buffer, native.byteOffset, native.byteLength) };
}

/** The same numbers in the element type that the dtype has in the file. */
function encoded(dtype: NumericDtype, data: NumericData): NumericData | BigInt64Array | BigUint64Array {
  switch (dtype) {
    case "bool":
    case "uint8":
      return data instanceof Uint8Array ? data : Uint8Array.from(data);
    case "int8":
      return data instanceof Int8Array ? data : Int8Array.from(data);
    case "int16":
      return data instanceof Int16Array ? data : Int16Array.from(data);
    case "uint16":
      return data instanceof Uint16Array ? data : Uint16Array.from(data);
    case "int32":
      return data instanceof Int32Array ? data : Int32Array.from(data);
    case "uint32":
      return data instanceof Uint32Array ? data : Uint32Array.from(data);
    case "int64":
      return BigInt64Array.from(Array.from(data, BigInt));
    case "uint64":
      return BigUint64Array.from(Array.from(data, BigInt));
    case "float16":
      return Uint16Array.from(data, numberToHalf);
    case "float32":
    case "complex64":
      return data instanceof Float32Array ? data : Float32Array.from(data);
    case "float64":
    case "complex128":
      return data instanceof Float64Array ? data : Float64Array.from(data);
  }
}

/** Nearest binary16, ties to even; overflow to infinity. */
function numberToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.max(magnitude, 2 ** -24))));
  // Rounding up to the next power of two carries into the exponent field by itself.
  const fraction = roundHalfToEven(magnitude * 2 ** (10 - exponent));
  return sign | (((exponent + 14) << 10) + fraction);
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
