import { Deflate } from "fflate";
import { PtychonautError } from "../errors.ts";
import type { ByteSink } from "./byteSource.ts";
import { crc32 } from "./crc32.ts";
import { memorySink } from "./memorySink.ts";
import {
  CENTRAL_HEADER,
  DEFLATED,
  END,
  END_64,
  END_64_LOCATOR,
  LOCAL_HEADER,
  STORED,
  UTF8_NAMES,
  ZIP64_FIELD,
} from "./zipFormat.ts";

/** 0 stores, 1 (fast) to 9 (small) deflate. */
export type ZipLevel = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

export interface ZipInput {
  readonly name: string;
  readonly data: Uint8Array;
}

/** Writes an archive of any size to a sink, member by member, never holding one whole. */
export interface ZipWriter {
  /** @param size of the member, uncompressed @param chunks its bytes, in order */
  add(name: string, size: number, chunks: Iterable<Uint8Array>, level?: ZipLevel): void;
  /** The same of chunks that take their time. */
  addInTurns(
    name: string,
    size: number,
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    level?: ZipLevel,
  ): Promise<void>;
  /** Writes the central directory; nothing may be added after. */
  finish(): void;
}

interface Written {
  readonly name: Uint8Array;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  readonly packedSize: number;
  readonly offset: number;
}

/**
 * An archive written as it comes. Members and archives beyond 4 GiB get their zip64 records. The bytes depend on names and
 * data only (no clock), so equal content gives equal files.
 * @param wideFrom size and offset that zip64 records begin with; by default those that 32 bits cannot say
 */
export function zipWriter(sink: ByteSink, wideFrom: number = LIMIT_32): ZipWriter {
  const members: Written[] = [];
  let at = 0;
  const write = (bytes: Uint8Array): void => {
    sink.write(bytes);
    at += bytes.length;
  };
  const begin = (name: string, size: number, level: ZipLevel): { push(chunk: Uint8Array): void; end(): void } => {
    const offset = at;
    // Deflate adds 5 bytes a block of at most 65535 where nothing can be gained.
    const wide = size + 5 * Math.ceil(size / 0xffff) + 5 >= wideFrom;
    const method = level === 0 ? STORED : DEFLATED;
    const member = { name: new TextEncoder().encode(name), method, crc: 0, size, packedSize: 0, offset };
    write(localHeader(member, wide));
    const start = at;
    let [crc, seen] = [0, 0];
    const packed = level === 0 ? { push: write, end: () => {} } : deflating(level, write);
    return {
      push(chunk) {
        crc = crc32(chunk, crc);
        seen += chunk.length;
        packed.push(chunk);
      },
      end() {
        packed.end();
        if (seen !== size)
          throw new PtychonautError("shape", `"${name}" is not as long as was said`, {
            expected: `${size} bytes`,
            got: `${seen}`,
          });
        const done = { ...member, crc, packedSize: at - start };
        sink.writeAt(offset, localHeader(done, wide));
        members.push(done);
      },
    };
  };
  return {
    add(name, size, chunks, level = 0) {
      const member = begin(name, size, level);
      for (const chunk of chunks) member.push(chunk);
      member.end();
    },
    async addInTurns(name, size, chunks, level = 0) {
      const member = begin(name, size, level);
      for await (const chunk of chunks) member.push(chunk);
      member.end();
    },
    finish() {
      const directory = at;
      for (const member of members) write(centralHeader(member, wideFrom));
      for (const record of endRecords(members.length, directory, at - directory, wideFrom)) write(record);
    },
  };
}

/**
 * Packs members into one archive in memory.
 * @throws PtychonautError "output" when they come to 4 GiB
 */
export function writeZip(inputs: readonly ZipInput[], level: ZipLevel = 0): Uint8Array<ArrayBuffer> {
  const total = inputs.reduce((sum, { data }) => sum + data.length, 0);
  if (total >= LIMIT_32)
    throw new PtychonautError("output", "archive too large to be made in memory", {
      expected: "less than 4 GiB",
      got: `${total} bytes`,
      fix: "write it to a file, or store fewer frames per file",
    });
  const headers = inputs.reduce((sum, { name }) => sum + 76 + 2 * new TextEncoder().encode(name).length, 22);
  const memory = memorySink(level === 0 ? total + headers : total / 2);
  const writer = zipWriter(memory.sink);
  for (const { name, data } of inputs) writer.add(name, data.length, [data], level);
  writer.finish();
  return memory.bytes();
}

/** What 32 bits cannot say stands as this, and 64 bits say it elsewhere. */
const LIMIT_32 = 0xffffffff;
const LIMIT_16 = 0xffff;
/** Version of the format that a reader must know: deflate, zip64. */
const VERSION = 20;
const VERSION_64 = 45;

function deflating(
  level: ZipLevel,
  write: (packed: Uint8Array) => void,
): { push(chunk: Uint8Array): void; end(): void } {
  const deflate = new Deflate({ level }, write);
  return { push: (chunk) => deflate.push(chunk, false), end: () => deflate.push(new Uint8Array(0), true) };
}

/** @param wide sizes with 64 bits, in an extra field that is there before they are known */
function localHeader(member: Written, wide: boolean): Uint8Array {
  const { name, size, packedSize } = member;
  const out = new Uint8Array(30 + name.length + (wide ? 20 : 0));
  const view = new DataView(out.buffer);
  view.setUint32(0, LOCAL_HEADER, true);
  writeCommonFields(view, 4, member, wide, wide ? 20 : 0);
  out.set(name, 30);
  if (wide) writeZip64Field(view, 30 + name.length, [size, packedSize]);
  return out;
}

function centralHeader(member: Written, wideFrom = LIMIT_32): Uint8Array {
  const { name, size, packedSize, offset } = member;
  const wide = Math.max(size, packedSize) >= wideFrom;
  const far = offset >= wideFrom;
  const values = [...(wide ? [size, packedSize] : []), ...(far ? [offset] : [])];
  const extra = values.length === 0 ? 0 : 4 + 8 * values.length;
  const out = new Uint8Array(46 + name.length + extra);
  const view = new DataView(out.buffer);
  view.setUint32(0, CENTRAL_HEADER, true);
  view.setUint16(4, extra === 0 ? VERSION : VERSION_64, true);
  writeCommonFields(view, 6, member, wide, extra);
  view.setUint32(42, far ? LIMIT_32 : offset, true);
  out.set(name, 46);
  if (extra > 0) writeZip64Field(view, 46 + name.length, values);
  return out;
}

/** The 26 bytes that a local header and a central header have in common, from "version needed" on. */
function writeCommonFields(view: DataView, at: number, member: Written, wide: boolean, extra: number): void {
  view.setUint16(at, extra === 0 ? VERSION : VERSION_64, true);
  view.setUint16(at + 2, UTF8_NAMES, true);
  view.setUint16(at + 4, member.method, true);
  view.setUint16(at + 8, 0x21, true); // 1980-01-01, the earliest date the format can say
  view.setUint32(at + 10, member.crc, true);
  view.setUint32(at + 14, wide ? LIMIT_32 : member.packedSize, true);
  view.setUint32(at + 18, wide ? LIMIT_32 : member.size, true);
  view.setUint16(at + 22, member.name.length, true);
  view.setUint16(at + 24, extra, true);
}

function writeZip64Field(view: DataView, at: number, values: readonly number[]): void {
  view.setUint16(at, ZIP64_FIELD, true);
  view.setUint16(at + 2, 8 * values.length, true);
  for (const [i, value] of values.entries()) view.setBigUint64(at + 4 + 8 * i, BigInt(value), true);
}

/** The end of the archive; with zip64's record and its locator before it where 32 bits do not do. */
function endRecords(count: number, directory: number, directorySize: number, wideFrom = LIMIT_32): Uint8Array[] {
  const wide = count >= LIMIT_16 || directory >= wideFrom || directorySize >= wideFrom;
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, END, true);
  end.setUint16(8, wide ? LIMIT_16 : count, true);
  end.setUint16(10, wide ? LIMIT_16 : count, true);
  end.setUint32(12, wide ? LIMIT_32 : directorySize, true);
  end.setUint32(16, wide ? LIMIT_32 : directory, true);
  if (!wide) return [new Uint8Array(end.buffer)];
  const record = new DataView(new ArrayBuffer(56));
  record.setUint32(0, END_64, true);
  record.setBigUint64(4, 44n, true); // bytes of the record after this field
  record.setUint16(12, VERSION_64, true);
  record.setUint16(14, VERSION_64, true);
  for (const at of [24, 32]) record.setBigUint64(at, BigInt(count), true);
  record.setBigUint64(40, BigInt(directorySize), true);
  record.setBigUint64(48, BigInt(directory), true);
  const locator = new DataView(new ArrayBuffer(20));
  locator.setUint32(0, END_64_LOCATOR, true);
  locator.setBigUint64(8, BigInt(directory + directorySize), true);
  locator.setUint32(16, 1, true); // disks
  return [record, locator, end].map(({ buffer }) => new Uint8Array(buffer));
}
