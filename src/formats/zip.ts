import { Inflate, inflateSync } from "fflate";
import { PtychonautError } from "../errors.ts";
import { asSource, type ByteSource } from "./byteSource.ts";
import { crc32 } from "./crc32.ts";
import { namesText } from "./foldedNames.ts";
import { emptyFile, notReadable, SIGNATURE_BYTES } from "./signatures.ts";
import {
  CENTRAL_HEADER,
  DEFLATED,
  END,
  END_64,
  END_64_LOCATOR,
  LOCAL_HEADER,
  STORED,
  ZIP64_FIELD,
} from "./zipFormat.ts";

/**
 * Reads zip archives, in memory or in their file: members are listed from the central directory and read one at a time,
 * on request. Stored and deflated members, zip64. Layout: PKWARE APPNOTE 6.3.10.
 *
 * Nothing in the archive is trusted: offsets and sizes are checked against the file, inflation stops at the declared
 * size, every member's CRC is checked, and a member that claims to expand beyond `ZipLimits` is refused unread.
 */
export interface ZipLimits {
  /** Largest uncompressed size of one member, bytes. Default 16 GiB. */
  readonly maxBytes?: number;
  /** Members of more than 256 MiB may not expand by more than this factor. Default 200; deflate's own limit is 1032. */
  readonly maxRatio?: number;
}

export interface ZipMember {
  readonly name: string;
  readonly size: number;
  readonly compressedSize: number;
}

export interface ZipArchive {
  /** In the order of the central directory. Names are unique. */
  readonly members: readonly ZipMember[];
  /** The whole member. May share memory with the archive when it is stored uncompressed. */
  read(name: string): Uint8Array;
  /** The member's first `length` bytes (fewer when it is shorter), without inflating the rest; not CRC-checked. */
  peek(name: string, length: number): Uint8Array;
  /** The whole member piece by piece, of whatever size; each piece is valid until the next. CRC-checked in the end. */
  chunks(name: string): Iterable<Uint8Array>;
  /** Where a member that is stored uncompressed starts in the archive; undefined for others. */
  storedAt(name: string): number | undefined;
}

interface Entry extends ZipMember {
  readonly method: number;
  readonly crc: number;
  readonly headerOffset: number;
}

const ENCRYPTED = 1;
const LARGE_MEMBER = 256 * 2 ** 20;

/**
 * @param where names the file in error messages
 * @throws PtychonautError "data": not a zip, truncated, duplicate names, encrypted, unknown compression, oversized
 */
export function openZip(input: Uint8Array | ByteSource, where: string, limits: ZipLimits = {}): ZipArchive {
  const source = asSource(input);
  const entries = new Map<string, Entry>();
  for (const entry of centralDirectory(source, where)) {
    if (entries.has(entry.name))
      throw new PtychonautError("data", `duplicate member "${entry.name}"`, {
        where,
        fix: "write the archive again with one member of each name",
      });
    entries.set(entry.name, entry);
  }
  const find = (name: string): Entry => {
    const entry = entries.get(name);
    if (entry === undefined)
      throw new PtychonautError("data", `no member "${name}"`, {
        where,
        expected: `one of ${namesText([...entries.keys()])}`,
      });
    return entry;
  };
  // In pieces any size can be read; only what swells suspiciously is refused.
  const piecewise = { ...limits, maxBytes: limits.maxBytes ?? Number.POSITIVE_INFINITY };
  return {
    members: [...entries.values()],
    read: (name) => {
      const entry = find(name);
      checkLimits(entry, limits, where);
      const packed = source.read(packedStart(entry, source, where), entry.compressedSize);
      const data = entry.method === STORED ? packed : inflateExactly(packed, entry, where);
      if (crc32(data) !== entry.crc) throw wrongChecksum(name, where);
      return data;
    },
    peek: (name, length) => {
      const entry = find(name);
      checkLimits(entry, piecewise, where);
      if (entry.method === DEFLATED) return inflateStart(entry, source, length, where);
      return source.read(packedStart(entry, source, where), Math.min(length, entry.size));
    },
    chunks: (name) => {
      const entry = find(name);
      checkLimits(entry, piecewise, where);
      return checkedChunks(entry, source, where);
    },
    storedAt: (name) => {
      const entry = find(name);
      return entry.method === STORED ? packedStart(entry, source, where) : undefined;
    },
  };
}

/** Whether a file starts like a zip archive, with a member or with its end; cut off within that, it does too. */
export function isZip(head: Uint8Array): boolean {
  const start = String.fromCharCode(...head.subarray(0, 4));
  return ["PK\x03\x04", "PK\x05\x06"].some((whole) => whole.startsWith(start));
}

function centralDirectory(source: ByteSource, where: string): Entry[] {
  const { count, offset, end } = findDirectory(source, where);
  if (!(offset <= end)) throw damaged("the list of members is broken", where);
  const bytes = source.read(offset, end - offset);
  const view = viewOf(bytes);
  const entries: Entry[] = [];
  const decoder = new TextDecoder("utf-8");
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL_HEADER)
      throw damaged("the list of members is broken", where);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > bytes.length) throw damaged("the list of members is broken", where);
    const name = decoder.decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (view.getUint16(at + 8, true) & ENCRYPTED)
      throw new PtychonautError("data", `member "${name}" is encrypted`, { where });
    const method = view.getUint16(at + 10, true);
    if (method !== STORED && method !== DEFLATED)
      throw new PtychonautError("data", `member "${name}" uses compression method ${method}`, {
        where,
        expected: "stored (0) or deflated (8)",
        fix: "save the file again with numpy.savez or numpy.savez_compressed",
      });
    const [size, compressedSize, headerOffset] = widen(view, at, at + 46 + nameLength, extraLength);
    entries.push({ name, method, crc: view.getUint32(at + 16, true), size, compressedSize, headerOffset });
    at = next;
  }
  return entries;
}

/** Sizes and offset of a central header, from its zip64 field where the 32-bit fields are saturated. */
function widen(view: DataView, header: number, extra: number, extraLength: number): [number, number, number] {
  const fields = [24, 20, 42].map((offset) => view.getUint32(header + offset, true)) as [number, number, number];
  for (let at = extra; at + 4 <= extra + extraLength; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== ZIP64_FIELD) continue;
    let value = at + 4;
    const end = Math.min(value + view.getUint16(at + 2, true), extra + extraLength);
    for (let i = 0; i < 3; i++) {
      if (fields[i] !== 0xffffffff || value + 8 > end) continue;
      fields[i] = Number(view.getBigUint64(value, true));
      value += 8;
    }
  }
  return fields;
}

interface Directory {
  readonly count: number;
  readonly offset: number;
  /** Where it ends at the latest. */
  readonly end: number;
}

function findDirectory(source: ByteSource, where: string): Directory {
  const { size } = source;
  // The end record with the longest comment, and the locator before it.
  const first = Math.max(0, size - 22 - 0xffff - 20);
  const view = viewOf(source.read(first, size - first));
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--) {
    if (view.getUint32(at, true) !== END) continue;
    if (at >= 20 && view.getUint32(at - 20, true) === END_64_LOCATOR) {
      const end = Number(view.getBigUint64(at - 12, true));
      const record = end + 56 <= size ? viewOf(source.read(end, 56)) : undefined;
      if (record?.getUint32(0, true) === END_64)
        return { count: Number(record.getBigUint64(32, true)), offset: Number(record.getBigUint64(48, true)), end };
    }
    return { count: view.getUint16(at + 10, true), offset: view.getUint32(at + 16, true), end: first + at };
  }
  if (size === 0) throw emptyFile(where);
  const head = source.read(0, Math.min(size, SIGNATURE_BYTES));
  if (!isZip(head)) throw notReadable(head, where, "a zip archive", "check that it is the right file");
  throw damaged("its end is missing", where);
}

/** Where the member's packed bytes start; they lie inside the file. */
function packedStart(entry: Entry, source: ByteSource, where: string): number {
  const { headerOffset, compressedSize, name } = entry;
  const header = headerOffset + 30 <= source.size ? viewOf(source.read(headerOffset, 30)) : undefined;
  if (header?.getUint32(0, true) !== LOCAL_HEADER) throw damaged(`the header of "${name}" is missing`, where);
  const start = headerOffset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + compressedSize > source.size) throw damaged(`"${name}" reaches beyond the end of the file`, where);
  if (entry.method === STORED && entry.size !== compressedSize)
    throw damaged(`"${name}" is stored but claims two different sizes`, where);
  return start;
}

function checkLimits(entry: Entry, limits: ZipLimits, where: string): void {
  const maxBytes = limits.maxBytes ?? 16 * 2 ** 30;
  const maxRatio = limits.maxRatio ?? 200;
  const ratio = entry.size / Math.max(1, entry.compressedSize);
  // Deflate cannot reach 1032:1, so a larger claim is a lie whatever the size.
  if (entry.size <= maxBytes && ratio <= 1040 && (entry.size <= LARGE_MEMBER || ratio <= maxRatio)) return;
  throw new PtychonautError("data", `"${entry.name}" would expand to ${entry.size} bytes and looks like a zip bomb`, {
    where,
    expected: `at most ${maxBytes} bytes and, above ${LARGE_MEMBER} bytes, at most ${maxRatio} times its packed size`,
    got: `${ratio.toFixed(0)} times its packed size`,
    fix: "if the file is honest, save it uncompressed (numpy.savez)",
  });
}

/** Inflates into memory of the declared size and one byte more: a member that has more to say shows itself there. */
function inflateExactly(packed: Uint8Array, entry: Entry, where: string): Uint8Array {
  let data: Uint8Array;
  try {
    data = inflateSync(packed, { out: new Uint8Array(entry.size + 1) });
  } catch (cause) {
    throw damaged(`"${entry.name}" cannot be decompressed`, where, cause);
  }
  if (data.length !== entry.size)
    throw damaged(`"${entry.name}" expands to ${data.length > entry.size ? "more" : "less"} than it declares`, where);
  return data;
}

/** The member as declared, with its checksum verified when the last piece was taken. */
function* checkedChunks(entry: Entry, source: ByteSource, where: string): Generator<Uint8Array, void, void> {
  const pieces = entry.method === STORED ? packedPieces(entry, source, where, PIECE) : inflated(entry, source, where);
  let [crc, size] = [0, 0];
  for (const piece of pieces) {
    crc = crc32(piece, crc);
    size += piece.length;
    if (size > entry.size) throw damaged(`"${entry.name}" expands to more than it declares`, where);
    yield piece;
  }
  if (size !== entry.size) throw damaged(`"${entry.name}" expands to less than it declares`, where);
  if (crc !== entry.crc) throw wrongChecksum(entry.name, where);
}

/** Bytes read at a time where a member is taken in pieces. */
const PIECE = 2 ** 20;

function* packedPieces(
  entry: Entry,
  source: ByteSource,
  where: string,
  piece: number,
): Generator<Uint8Array, void, void> {
  const start = packedStart(entry, source, where);
  const { compressedSize } = entry;
  for (let at = 0; at < compressedSize; at += piece)
    yield source.read(start + at, Math.min(piece, compressedSize - at));
}

/** @param piece packed bytes taken at a time; deflate makes up to 1032 times as many of them */
function* inflated(
  entry: Entry,
  source: ByteSource,
  where: string,
  piece = 2 ** 14,
): Generator<Uint8Array, void, void> {
  let out: Uint8Array[] = [];
  const inflate = new Inflate((chunk) => void out.push(chunk));
  let left = entry.compressedSize;
  for (const packed of packedPieces(entry, source, where, piece)) {
    left -= packed.length;
    try {
      inflate.push(packed, left === 0);
    } catch (cause) {
      throw damaged(`"${entry.name}" cannot be decompressed`, where, cause);
    }
    yield* out;
    out = [];
  }
}

function inflateStart(entry: Entry, source: ByteSource, length: number, where: string): Uint8Array {
  const out = new Uint8Array(Math.min(length, entry.size));
  let at = 0;
  for (const chunk of inflated(entry, source, where, 1024)) {
    const part = chunk.subarray(0, out.length - at);
    out.set(part, at);
    at += part.length;
    if (at === out.length) break;
  }
  return out.subarray(0, at);
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const wrongChecksum = (name: string, where: string): PtychonautError =>
  damaged(`"${name}" has a wrong checksum`, where);

function damaged(what: string, where: string, cause?: unknown): PtychonautError {
  return new PtychonautError("data", `damaged or truncated archive: ${what}`, {
    where,
    fix: "copy or download the file again",
    ...(cause === undefined ? {} : { cause }),
  });
}
