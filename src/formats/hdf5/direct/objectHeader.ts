import { bytesAt, Fields, mustBe, type RawFile } from "./fields.ts";

/** Kinds of messages of an object header. */
export const DATASPACE = 0x0001;
export const LAYOUT = 0x0008;
const CONTINUATION = 0x0010;

/** Of an object header; a dataset's has one or two. */
const MOST_BLOCKS = 64;
/** The first bytes of a header, which say how long it is. */
const PREFIX_BYTES = 64;

/**
 * What an object's header says, by kind of message; the first of each kind.
 * @throws Unfamiliar
 */
export function messagesAt(file: RawFile, address: number): ReadonlyMap<number, Fields> {
  const { source, base } = file;
  const there = Math.min(PREFIX_BYTES, source.size - base - address);
  const prefix = new Fields(bytesAt(file, address, there), file);
  const messages = new Map<number, Fields>();
  const isNew = there >= 4 && prefix.take(4).every((byte, i) => byte === "OHDR".charCodeAt(i));
  prefix.at = 0;
  const { flags, start, length } = isNew ? newPrefix(prefix) : oldPrefix(prefix);
  const blocks: { readonly at: number; readonly length: number }[] = [{ at: address + start, length }];
  for (let k = 0; k < blocks.length; k++) {
    mustBe(k < MOST_BLOCKS, "too long an object header");
    const own = new Fields(bytesAt(file, blocks[k].at, blocks[k].length), file);
    if (isNew && k > 0) own.signature("OCHK");
    // A new block ends with its checksum, all but the first of which has come with it.
    const tail = isNew && k > 0 ? 4 : 0;
    for (const [kind, message] of messagesIn(own, file, flags, tail)) {
      if (kind === CONTINUATION) {
        const at = message.address();
        mustBe(at !== undefined, "a header that goes on nowhere");
        blocks.push({ at, length: message.length() });
      } else if (!messages.has(kind)) messages.set(kind, message);
    }
  }
  return messages;
}

interface Prefix {
  /** Of a new header; undefined of an old one. */
  readonly flags: number | undefined;
  /** Where messages start, and bytes of those in the first block. */
  readonly start: number;
  readonly length: number;
}

function oldPrefix(fields: Fields): Prefix {
  mustBe(fields.number(1) === 1, "another version of object headers");
  fields.skip(7);
  return { flags: undefined, length: fields.number(4), start: 16 };
}

function newPrefix(fields: Fields): Prefix {
  fields.signature("OHDR");
  mustBe(fields.number(1) === 2, "another version of object headers");
  const flags = fields.number(1);
  if ((flags & 0x20) !== 0) fields.skip(16);
  if ((flags & 0x10) !== 0) fields.skip(4);
  const length = fields.number(1 << (flags & 3));
  return { flags, length, start: fields.at };
}

function* messagesIn(
  fields: Fields,
  file: RawFile,
  flags: number | undefined,
  tail: number,
): Generator<[kind: number, message: Fields], void, void> {
  const head = flags === undefined ? 8 : 4 + ((flags & 0x04) !== 0 ? 2 : 0);
  while (fields.left - tail >= head) {
    const from = fields.at;
    const kind = fields.number(flags === undefined ? 2 : 1);
    const length = fields.number(2);
    fields.at = from + head;
    yield [kind, new Fields(fields.take(length), file)];
  }
}
