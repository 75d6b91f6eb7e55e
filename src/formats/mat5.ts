import { sizeOf } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "./arrayFile.ts";
import type { ByteSource } from "./byteSource.ts";
import { type ByteCursor, type ByteStream, byteCursor, fileStream, zlibStream } from "./byteStream.ts";
import { heldArray, type ListedArray, listedArrays, words } from "./listedArrays.ts";
import { COMPLEX, LOGICAL, matlabNumbers, matlabText, readTag } from "./mat5Arrays.ts";

/** Of the header: text, the offset of subsystem data, version and byte order. */
const HEADER = 128;

const MATRIX = 14;
const COMPRESSED = 15;

/** Names of a struct's fields, and cells, inside one another. */
const DEEPEST = 64;
/** Arrays in a file: each takes some memory. */
const MOST_ARRAYS = 2 ** 17;

const notRead: Readonly<Record<number, string>> = {
  3: "an object of a MATLAB class",
  5: "a sparse matrix",
  16: "a function handle",
  17: "an object of a MATLAB class",
};

/** Whether a file starts like MATLAB's level 5. */
export function isMat5(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, HEADER));
  // Whatever the text, version 1 and the byte order stand at its end.
  const ending = ["\x00\x01IM", "\x01\x00MI"].some((end) => text.endsWith(end));
  return text.startsWith("MATLAB 5.0 MAT-file") || (/^[ -~]{4}/.test(text) && ending);
}

/**
 * Opens a MATLAB file of level 5 (`save -v6` and `-v7`). Layout: MAT-File Format, The MathWorks.
 *
 * Keys are variables; fields of a struct and elements of a cell are paths, `outputs/p/probe` and `cells/0`, in MATLAB's
 * (column-major) order from 0, and so are the elements of a struct array. Shapes and indices are MATLAB's own, less one:
 * `(H, W, N)`, column-major. Text is a string, or one a row. Sparse matrices and objects are named when they are asked
 * for. Every array has the attribute `matlab_class`.
 * @throws PtychonautError "data": damaged, cut off, nested without end
 */
export function openMat5(source: ByteSource, where: string): ArrayFile {
  if (source.size < HEADER) throw damaged("it ends within its header", where);
  const head = source.read(0, HEADER);
  const littleEndian = head[126] === 0x49 && head[127] === 0x4d;
  if (!littleEndian && !(head[126] === 0x4d && head[127] === 0x49))
    throw damaged("it does not tell its byte order", where);
  const found: Found = { arrays: new Map(), refused: new Map(), littleEndian, where };
  for (let at = HEADER; at + 8 <= source.size; ) {
    const tag = readTag(source.read(at, 8), littleEndian);
    if (tag.start + at + tag.bytes > source.size) throw damaged("a variable reaches beyond its end", where);
    if (tag.type === MATRIX) topMatrix(fileStream(source, at, 8 + tag.bytes), found);
    else if (tag.type === COMPRESSED) topMatrix(zlibStream(source, at + 8, tag.bytes, where), found);
    at += 8 + (tag.type === COMPRESSED ? tag.bytes : padded(tag.bytes));
  }
  const description = String.fromCharCode(...head.subarray(0, 116)).replace(/[\0\s]+$/, "");
  const { arrays, refused } = found;
  return listedArrays({
    container: "MATLAB 5",
    arrays,
    refused,
    attributes: { description: words(description) },
    where,
  });
}

interface Found {
  readonly arrays: Map<string, ListedArray>;
  readonly refused: Map<string, string>;
  readonly littleEndian: boolean;
  readonly where: string;
}

function topMatrix(stream: ByteStream, found: Found): void {
  const cursor = byteCursor(stream, 0, found.where);
  const tag = readTag(cursor.read(8), found.littleEndian);
  if (tag.type !== MATRIX) return;
  matrix(stream, cursor, tag.bytes, undefined, found, 0);
}

/** One array with all that is in it. @param path where it is inside another; by its own name where it is a variable */
function matrix(
  stream: ByteStream,
  cursor: ByteCursor,
  bytes: number,
  path: string | undefined,
  found: Found,
  depth: number,
): void {
  const { littleEndian, where } = found;
  const end = cursor.at + bytes;
  if (depth > DEEPEST) throw damaged(`structs and cells are nested more than ${DEEPEST} deep`, where);
  if (bytes === 0) {
    add(path ?? "", heldArray({ shape: [0, 0], dtype: "float64", data: new Float64Array() }), found);
    return;
  }
  const flagWord = element(cursor, littleEndian, where)(0);
  const [kind, flags] = [flagWord & 0xff, flagWord];
  // An opaque object has neither shape nor name where others have them.
  const dims = kind === 17 ? [] : integers(cursor, littleEndian, where);
  const name = text(cursor, littleEndian, where);
  const key = path ?? name;
  if (dims.some((extent) => extent < 0) || !Number.isSafeInteger(sizeOf(dims) * 16))
    throw damaged(`"${key}" has an absurd shape (${dims.join(", ")})`, where);
  const inside = (part: string): void => {
    const tag = readTag(cursor.read(8), littleEndian);
    if (tag.type !== MATRIX || cursor.at + tag.bytes > end)
      throw damaged(`"${key}" holds something that is no array`, where);
    matrix(stream, cursor, tag.bytes, `${key}/${part}`, found, depth + 1);
  };
  const count = sizeOf(dims);
  if (kind === 1) {
    for (let i = 0; i < count; i++) inside(String(i));
  } else if (kind === 2) {
    const fields = fieldNames(cursor, littleEndian, where);
    for (let i = 0; i < count && fields.length > 0; i++)
      for (const field of fields) inside(count === 1 ? field : `${i}/${field}`);
  } else if (notRead[kind] !== undefined) {
    if (key !== "") found.refused.set(key, notRead[kind]);
  } else if (kind < 4 || kind > 15) {
    throw damaged(`"${key}" is of class ${kind}, which MATLAB does not have`, where);
  } else if (key !== "") {
    const at = cursor.at;
    const first = at + 8 <= end ? readTag(cursor.read(8), littleEndian) : undefined;
    const top = depth === 0;
    const described = { stream, at, end, top, first, kind, dims, littleEndian, where: `${where}: ${key}` };
    const flagged = { ...described, complex: (flags & COMPLEX) !== 0, logical: (flags & LOGICAL) !== 0 };
    add(key, kind === 4 ? matlabText(flagged) : matlabNumbers(flagged), found);
  }
  // What is compressed is not read to its end before it is asked for, unless there is more in it.
  if (depth > 0) cursor.skip(end - cursor.at);
  else if (kind < 3) cursor.finish();
}

function add(key: string, array: ListedArray, { arrays, where }: Found): void {
  if (arrays.has(key))
    throw new PtychonautError("data", `duplicate key "${key}"`, { where, fix: "save each array under one name" });
  if (arrays.size === MOST_ARRAYS) throw damaged(`it has more than ${MOST_ARRAYS} arrays`, where);
  arrays.set(key, array);
}

/** The 32-bit numbers of a small element. */
function element(cursor: ByteCursor, littleEndian: boolean, where: string): (index: number) => number {
  const bytes = small(cursor, littleEndian, where);
  if (bytes.length < 4) throw damaged("a header is cut off", where);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (index) => view.getInt32(4 * index, littleEndian);
}

function integers(cursor: ByteCursor, littleEndian: boolean, where: string): number[] {
  const bytes = small(cursor, littleEndian, where);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getInt32(4 * i, littleEndian));
}

const text = (cursor: ByteCursor, littleEndian: boolean, where: string): string =>
  untilZero(small(cursor, littleEndian, where));

function fieldNames(cursor: ByteCursor, littleEndian: boolean, where: string): string[] {
  const length = element(cursor, littleEndian, where)(0);
  const names = small(cursor, littleEndian, where);
  if (length < 1) throw damaged("a struct has fields without names", where);
  return Array.from({ length: Math.floor(names.length / length) }, (_, i) =>
    untilZero(names.subarray(i * length, (i + 1) * length)),
  );
}

const untilZero = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
};

/** Names, shapes and flags: more than this they do not take. */
const MOST_SMALL = 2 ** 20;

function small(cursor: ByteCursor, littleEndian: boolean, where: string): Uint8Array {
  const head = cursor.read(8);
  const tag = readTag(head, littleEndian);
  if (tag.start === 4) return head.slice(4, 4 + tag.bytes);
  if (tag.bytes > MOST_SMALL) throw damaged("a header takes more than it can", where);
  const bytes = cursor.read(tag.bytes).slice();
  cursor.skip(padded(tag.bytes) - tag.bytes);
  return bytes;
}

const padded = (bytes: number): number => 8 * Math.ceil(bytes / 8);

const damaged = (what: string, where: string): PtychonautError =>
  new PtychonautError("data", `damaged or truncated MATLAB file: ${what}`, {
    where,
    fix: "save or copy the file again",
  });
