import { deflateSync, Inflate, inflateSync } from "fflate";
import { PtychonautError } from "../errors.ts";
import { crc32 } from "./crc32.ts";

/**
 * Zip archives held in memory: members are listed from the central directory and read one at a time, on request.
 * Stored and deflated members, zip64 on reading. Layout: PKWARE APPNOTE 6.3.10.
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
}

interface Entry extends ZipMember {
  readonly method: number;
  readonly crc: number;
  readonly headerOffset: number;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const STORED = 0;
const DEFLATED = 8;
const UTF8_NAMES = 1 << 11;
const ENCRYPTED = 1;
const LARGE_MEMBER = 256 * 2 ** 20;

/**
 * @param where names the file in error messages
 * @throws PtychonautError "data": not a zip, truncated, duplicate names, encrypted, unknown compression, oversized
 */
export function openZip(bytes: Uint8Array, where: string, limits: ZipLimits = {}): ZipArchive {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<string, Entry>();
  for (const entry of centralDirectory(view, bytes, where)) {
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
      throw new PtychonautError("data", `no member "${name}"`, { where, expected: [...entries.keys()].join(", ") });
    checkLimits(entry, limits, where);
    return entry;
  };
  return {
    members: [...entries.values()],
    read: (name) => {
      const entry = find(name);
      const packed = packedBytes(entry, view, bytes, where);
      const data = entry.method === STORED ? packed : inflateExactly(packed, entry, where);
      if (crc32(data) !== entry.crc) throw damaged(`"${name}" has a wrong checksum`, where);
      return data;
    },
    peek: (name, length) => {
      const entry = find(name);
      const packed = packedBytes(entry, view, bytes, where);
      return entry.method === STORED ? packed.subarray(0, length) : inflateStart(packed, length, entry, where);
    },
  };
}

export interface ZipInput {
  readonly name: string;
  readonly data: Uint8Array;
}

/**
 * Packs members into one archive. The bytes depend on names and data only (no clock), so equal content gives equal files.
 * @param level 0 stores, 1 (fast) to 9 (small) deflate
 * @throws PtychonautError "output" when a member or the archive would reach 4 GiB
 */
export function writeZip(
  inputs: readonly ZipInput[],
  level: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 = 0,
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const packed = inputs.map(({ name, data }) => ({
    name: encoder.encode(name),
    size: data.length,
    crc: crc32(data),
    data: level === 0 ? data : deflateSync(data, { level }),
    method: level === 0 ? STORED : DEFLATED,
  }));
  let total = 22;
  for (const { name, data } of packed) total += 30 + 46 + 2 * name.length + data.length;
  if (total >= 0xffffffff || inputs.length >= 0xffff)
    throw new PtychonautError("output", "archive too large for one zip file", {
      expected: "less than 4 GiB and fewer than 65535 members",
      got: `${total} bytes, ${inputs.length} members`,
      fix: "store fewer frames per file",
    });
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  const offsets: number[] = [];
  let at = 0;
  for (const member of packed) {
    offsets.push(at);
    view.setUint32(at, LOCAL_HEADER, true);
    writeCommonFields(view, at + 4, member);
    out.set(member.name, at + 30);
    out.set(member.data, at + 30 + member.name.length);
    at += 30 + member.name.length + member.data.length;
  }
  const directory = at;
  for (const [i, member] of packed.entries()) {
    view.setUint32(at, CENTRAL_HEADER, true);
    view.setUint16(at + 4, 20, true);
    writeCommonFields(view, at + 6, member);
    view.setUint32(at + 42, offsets[i]!, true);
    out.set(member.name, at + 46);
    at += 46 + member.name.length;
  }
  view.setUint32(at, END, true);
  view.setUint16(at + 8, packed.length, true);
  view.setUint16(at + 10, packed.length, true);
  view.setUint32(at + 12, at - directory, true);
  view.setUint32(at + 16, directory, true);
  return out;
}

interface PackedMember {
  readonly name: Uint8Array;
  readonly size: number;
  readonly crc: number;
  readonly data: Uint8Array;
  readonly method: number;
}

/** The 26 bytes that a local header and a central header have in common, from "version needed" on. */
function writeCommonFields(view: DataView, at: number, member: PackedMember): void {
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, UTF8_NAMES, true);
  view.setUint16(at + 4, member.method, true);
  view.setUint16(at + 8, 0x21, true); // 1980-01-01, the earliest date the format can say
  view.setUint32(at + 10, member.crc, true);
  view.setUint32(at + 14, member.data.length, true);
  view.setUint32(at + 18, member.size, true);
  view.setUint16(at + 22, member.name.length, true);
}

function centralDirectory(view: DataView, bytes: Uint8Array, where: string): Entry[] {
  const { count, offset } = findDirectory(view, where);
  const entries: Entry[] = [];
  const decoder = new TextDecoder("utf-8");
  let at = offset;
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
    if (view.getUint16(at, true) !== 0x0001) continue;
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

function findDirectory(view: DataView, where: string): { count: number; offset: number } {
  const length = view.byteLength;
  for (let at = length - 22; at >= Math.max(0, length - 22 - 0xffff); at--) {
    if (view.getUint32(at, true) !== END) continue;
    const count = view.getUint16(at + 10, true);
    const offset = view.getUint32(at + 16, true);
    if (at >= 20 && view.getUint32(at - 20, true) === END_64_LOCATOR) {
      const end64 = Number(view.getBigUint64(at - 12, true));
      if (end64 + 56 <= length && view.getUint32(end64, true) === END_64)
        return {
          count: Number(view.getBigUint64(end64 + 32, true)),
          offset: Number(view.getBigUint64(end64 + 48, true)),
        };
    }
    return { count, offset };
  }
  throw damaged(length === 0 ? "the file is empty" : "not a zip archive, or its end is missing", where);
}

function packedBytes(entry: Entry, view: DataView, bytes: Uint8Array, where: string): Uint8Array {
  const { headerOffset, compressedSize, name } = entry;
  if (headerOffset + 30 > bytes.length || view.getUint32(headerOffset, true) !== LOCAL_HEADER)
    throw damaged(`the header of "${name}" is missing`, where);
  const start = headerOffset + 30 + view.getUint16(headerOffset + 26, true) + view.getUint16(headerOffset + 28, true);
  if (start + compressedSize > bytes.length) throw damaged(`"${name}" reaches beyond the end of the file`, where);
  if (entry.method === STORED && entry.size !== compressedSize)
    throw damaged(`"${name}" is stored but claims two different sizes`, where);
  return bytes.subarray(start, start + compressedSize);
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

function inflateStart(packed: Uint8Array, length: number, entry: Entry, where: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  let got = 0;
  const inflate = new Inflate((chunk) => {
    chunks.push(chunk);
    got += chunk.length;
  });
  try {
    for (let at = 0; at < packed.length && got < length; at += 1024)
      inflate.push(packed.subarray(at, at + 1024), at + 1024 >= packed.length);
  } catch (cause) {
    throw damaged(`"${entry.name}" cannot be decompressed`, where, cause);
  }
  const out = new Uint8Array(Math.min(got, length));
  let at = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(0, out.length - at);
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function damaged(what: string, where: string, cause?: unknown): PtychonautError {
  return new PtychonautError("data", `damaged or truncated archive: ${what}`, {
    where,
    fix: "copy or download the file again",
    ...(cause === undefined ? {} : { cause }),
  });
}
