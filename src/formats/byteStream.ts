import { Unzlib } from "fflate";
import { PtychonautError } from "../errors.ts";
import { adler32 } from "./adler32.ts";
import type { ByteSource } from "./byteSource.ts";

/** Bytes one after the other: a stretch of a file, or what decompresses from one. */
export interface ByteStream {
  /** Bytes that it can have at most. */
  readonly most: number;
  /** The bytes from `from` on, piece by piece, each valid until the next. */
  pieces(from: number): Iterable<Uint8Array>;
  /** The place in the file, where bytes lie there as they are. */
  readonly stored?: { readonly source: ByteSource; readonly offset: number };
}

const PIECE = 2 ** 20;

/** A stretch of a file, which must lie inside it. */
export function fileStream(source: ByteSource, offset: number, length: number): ByteStream {
  return {
    most: length,
    stored: { source, offset },
    *pieces(from) {
      for (let at = from; at < length; at += PIECE) yield source.read(offset + at, Math.min(PIECE, length - at));
    },
  };
}

/** Deflate makes no more of a byte. */
const DEFLATE_RATIO = 1032;
/** What swells to more than this is honest only if it swells by less than 200 times. */
const LARGE = 2 ** 28;

/**
 * What a stretch of a file holds in zlib's format (RFC 1950). Its checksum is verified where the end is reached.
 * @throws PtychonautError "data", while it is read: broken, cut off, or swelling like a bomb
 */
export function zlibStream(source: ByteSource, offset: number, length: number, where: string): ByteStream {
  const most = Math.min(DEFLATE_RATIO * length, Math.max(LARGE, 200 * length));
  const packed = fileStream(source, offset, length);
  return {
    most,
    *pieces(from) {
      let at = 0;
      for (const piece of inflated(packed, where)) {
        const start = Math.max(0, from - at);
        at += piece.length;
        if (at > most) throw damaged("what is compressed expands without end", where);
        if (start < piece.length) yield piece.subarray(start);
      }
    },
  };
}

function* inflated(packed: ByteStream, where: string): Generator<Uint8Array, void, void> {
  let out: Uint8Array[] = [];
  const unzlib = new Unzlib((piece) => void out.push(piece));
  let [left, sum] = [packed.most, 1];
  let last = new Uint8Array(0);
  // Small pieces: each expands by up to a thousand times.
  for (const large of packed.pieces(0)) {
    for (let at = 0; at < large.length; at += 2 ** 14) {
      const piece = large.subarray(at, at + 2 ** 14);
      left -= piece.length;
      last = Uint8Array.of(...last, ...piece.subarray(-4)).slice(-4);
      try {
        unzlib.push(piece, left === 0);
      } catch (cause) {
        throw damaged("what is compressed cannot be read", where, cause);
      }
      for (const part of out) {
        sum = adler32(part, sum);
        yield part;
      }
      out = [];
    }
  }
  if (last.length < 4) throw endsEarly(where);
  if (new DataView(last.buffer).getUint32(0) !== sum) throw damaged("what is compressed has a wrong checksum", where);
}

/** Reads a stream from its start on. */
export interface ByteCursor {
  /** Bytes before it. */
  readonly at: number;
  /** @throws PtychonautError "data" when the stream ends before */
  read(length: number): Uint8Array;
  /** @throws PtychonautError "data" when the stream ends before */
  skip(length: number): void;
  /** Goes to the end, where a checksum is verified. */
  finish(): void;
}

export function byteCursor(stream: ByteStream, from: number, where: string): ByteCursor {
  let at = from;
  let pieces: Iterator<Uint8Array> | undefined;
  let rest = new Uint8Array(0);
  const check = (length: number): void => {
    if (!(length >= 0 && at + length <= stream.most)) throw endsEarly(where);
  };
  const take = (): void => {
    pieces ??= stream.pieces(at)[Symbol.iterator]();
    const next = pieces.next();
    if (next.done === true) throw endsEarly(where);
    rest = next.value as Uint8Array<ArrayBuffer>;
  };
  return {
    get at() {
      return at;
    },
    read(length) {
      check(length);
      const { stored } = stream;
      if (stored !== undefined) {
        at += length;
        return stored.source.read(stored.offset + at - length, length);
      }
      const out = new Uint8Array(length);
      for (let filled = 0; filled < length; ) {
        if (rest.length === 0) take();
        const part = rest.subarray(0, length - filled);
        out.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
        at += part.length;
      }
      return out;
    },
    skip(length) {
      check(length);
      if (stream.stored !== undefined) {
        at += length;
        return;
      }
      for (let left = length; left > 0; ) {
        if (rest.length === 0) take();
        const part = Math.min(left, rest.length);
        rest = rest.subarray(part);
        left -= part;
        at += part;
      }
    },
    finish() {
      if (stream.stored === undefined) for (; pieces?.next().done === false; );
    },
  };
}

/**
 * A stream's bytes `from … from + length` in blocks of one size, the last may be shorter.
 * @param finish goes on to the stream's end then, for its checksum
 * @throws as `byteCursor`
 */
export function* blocksOf(
  stream: ByteStream,
  from: number,
  length: number,
  block: number,
  where: string,
  finish = false,
): Generator<Uint8Array, void, void> {
  const cursor = byteCursor(stream, 0, where);
  cursor.skip(from);
  for (let left = length; left > 0; left -= block) yield cursor.read(Math.min(block, left));
  if (finish) cursor.finish();
}

const endsEarly = (where: string): PtychonautError => damaged("it ends early", where);

function damaged(what: string, where: string, cause?: unknown): PtychonautError {
  return new PtychonautError("data", `damaged or truncated file: ${what}`, {
    where,
    fix: "copy or download the file again",
    ...(cause === undefined ? {} : { cause }),
  });
}
