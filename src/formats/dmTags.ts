import { PtychonautError } from "../errors.ts";
import type { ByteSource } from "./byteSource.ts";

/** Tags of Digital Micrograph, by name; those without one by their number. */
export interface DmGroup {
  readonly [name: string]: DmValue;
}

/** Numbers that stay in the file. */
export interface DmArray {
  readonly offset: number;
  readonly bytes: number;
}

export type DmValue = number | string | readonly number[] | DmArray | DmGroup;

export const isDmArray = (value: DmValue): value is DmArray =>
  typeof value === "object" && Object.hasOwn(value, "offset") && Object.getPrototypeOf(value) === arrayMark;

export const isDmGroup = (value: DmValue): value is DmGroup =>
  typeof value === "object" && !Array.isArray(value) && Object.getPrototypeOf(value) === null;

/** Tells an array from a group that has a tag "offset". */
const arrayMark: object = Object.freeze({});

/** Bytes of the simple types: integers of 2, 4 and 8 bytes, floats, and characters. */
const widths: Readonly<Record<number, number>> = {
  ...{ 2: 2, 3: 4, 4: 2, 5: 4, 6: 4, 7: 8, 8: 1, 9: 1, 10: 1, 11: 8, 12: 8 },
};
const STRUCT = 15;
const STRING = 18;
const ARRAY = 20;

const GROUP_TAG = 20;
const VALUE_TAG = 21;

const DEEPEST = 64;
const MOST_TAGS = 2 ** 17;
/** Text in tags. */
const MOST_TEXT = 2 ** 16;
/** Fields of a struct, numbers that describe a type. */
const MOST_FIELDS = 256;

/**
 * The tags of a DM3 or DM4 file. Arrays stay where they are, but for short ones of two-byte numbers, which are text.
 * @throws PtychonautError "data": damaged, cut off, nested without end
 */
export function dmTags(source: ByteSource, where: string): { root: DmGroup; littleEndian: boolean } {
  const reader = tagReader(source, where);
  const version = reader.u32();
  if (version !== 3 && version !== 4) throw reader.damaged("it is of no known version");
  reader.wide = version === 4;
  reader.length();
  const littleEndian = reader.u32() === 1;
  return { root: groupOf(reader, littleEndian, 0), littleEndian };
}

interface TagReader {
  at: number;
  /** Lengths have 8 bytes. */
  wide: boolean;
  tags: number;
  take(bytes: number): DataView;
  skip(bytes: number): void;
  u32(): number;
  /** A count or a length, big-endian whatever the numbers are. */
  length(): number;
  damaged(what: string): PtychonautError;
}

/** Tags are small and many: read through a window. */
const WINDOW = 2 ** 16;

function tagReader(source: ByteSource, where: string): TagReader {
  let [start, window] = [0, new Uint8Array(0)];
  const damaged = (what: string): PtychonautError =>
    new PtychonautError("data", `damaged or truncated Digital Micrograph file: ${what}`, {
      where,
      fix: "save or copy the file again",
    });
  return {
    at: 0,
    wide: false,
    tags: 0,
    damaged,
    take(bytes) {
      if (!(this.at + bytes <= source.size)) throw damaged("it ends early");
      if (this.at < start || this.at + bytes > start + window.length) {
        start = this.at;
        window = source.read(start, Math.min(source.size - start, Math.max(bytes, WINDOW))) as typeof window;
      }
      const view = new DataView(window.buffer, window.byteOffset + this.at - start, bytes);
      this.at += bytes;
      return view;
    },
    skip(bytes) {
      if (!(bytes >= 0 && this.at + bytes <= source.size)) throw damaged("it ends early");
      this.at += bytes;
    },
    u32() {
      return this.take(4).getUint32(0);
    },
    length() {
      return this.wide ? Number(this.take(8).getBigUint64(0)) : this.u32();
    },
  };
}

function groupOf(reader: TagReader, littleEndian: boolean, depth: number): DmGroup {
  if (depth > DEEPEST) throw reader.damaged(`tags are nested more than ${DEEPEST} deep`);
  // Names come from the file.
  const group: Record<string, DmValue> = Object.create(null);
  reader.skip(2);
  const count = reader.length();
  let nameless = 0;
  for (let i = 0; i < count; i++) {
    if (++reader.tags > MOST_TAGS) throw reader.damaged(`it has more than ${MOST_TAGS} tags`);
    const head = reader.take(3);
    const kind = head.getUint8(0);
    if (kind === 0) break;
    const name = head.getUint16(1) === 0 ? String(nameless++) : latin(reader.take(head.getUint16(1)));
    if (reader.wide) reader.skip(8);
    if (kind === GROUP_TAG) group[name] = groupOf(reader, littleEndian, depth + 1);
    else if (kind === VALUE_TAG) group[name] = tagValue(reader, littleEndian, name);
    else throw reader.damaged(`there is no tag of kind ${kind}`);
  }
  return group;
}

function tagValue(reader: TagReader, littleEndian: boolean, name: string): DmValue {
  reader.skip(4); // "%%%%"
  reader.length();
  const type = reader.length();
  if (type === STRUCT) return structOf(reader).map((field) => numberOf(reader, field, littleEndian));
  if (type === STRING) return textOf(reader, reader.length(), littleEndian);
  if (type !== ARRAY) return numberOf(reader, type, littleEndian);
  const { bytes: each, simple } = elementOf(reader, 0);
  const count = reader.length();
  const bytes = each * count;
  const isText = simple === 4 && name !== "Data" && count <= MOST_TEXT;
  if (isText) return textOf(reader, count, littleEndian);
  const array: DmArray = Object.assign(Object.create(arrayMark), { offset: reader.at, bytes });
  reader.skip(bytes);
  return array;
}

function structOf(reader: TagReader): number[] {
  reader.length(); // its name's
  const fields = reader.length();
  if (fields > MOST_FIELDS) throw reader.damaged("a tag has fields without end");
  return Array.from({ length: fields }, () => {
    reader.length(); // its name's
    return reader.length();
  });
}

/** Bytes of an array's element, and its type where that is a simple one. */
function elementOf(reader: TagReader, depth: number): { bytes: number; simple?: number } {
  if (depth > DEEPEST) throw reader.damaged("arrays are nested without end");
  const type = reader.length();
  if (type === STRUCT) return { bytes: structOf(reader).reduce((sum, field) => sum + widthOf(reader, field), 0) };
  if (type === ARRAY) {
    const { bytes } = elementOf(reader, depth + 1);
    return { bytes: bytes * reader.length() };
  }
  return { bytes: widthOf(reader, type), simple: type };
}

function widthOf(reader: TagReader, type: number): number {
  const width = widths[type];
  if (width === undefined) throw reader.damaged(`there is no value of type ${type}`);
  return width;
}

function numberOf(reader: TagReader, type: number, littleEndian: boolean): number {
  const view = reader.take(widthOf(reader, type));
  switch (type) {
    case 2:
      return view.getInt16(0, littleEndian);
    case 3:
      return view.getInt32(0, littleEndian);
    case 4:
      return view.getUint16(0, littleEndian);
    case 5:
      return view.getUint32(0, littleEndian);
    case 6:
      return view.getFloat32(0, littleEndian);
    case 7:
      return view.getFloat64(0, littleEndian);
    case 11:
      return Number(view.getBigInt64(0, littleEndian));
    case 12:
      return Number(view.getBigUint64(0, littleEndian));
    default:
      return view.getUint8(0);
  }
}

function textOf(reader: TagReader, count: number, littleEndian: boolean): string {
  if (count > MOST_TEXT) {
    reader.skip(2 * count);
    return "";
  }
  const { buffer, byteOffset, byteLength } = reader.take(2 * count);
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return new TextDecoder(littleEndian ? "utf-16le" : "utf-16be").decode(bytes).replace(/\0+$/, "");
}

const latin = ({ buffer, byteOffset, byteLength }: DataView): string =>
  new TextDecoder("latin1").decode(new Uint8Array(buffer, byteOffset, byteLength));
