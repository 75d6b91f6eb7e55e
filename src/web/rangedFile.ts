import { PtychonautError } from "../errors.ts";
import type { ByteSource } from "../formats/byteSource.ts";

/** A file of a server that gives parts of it. It may be passed to another worker. */
export interface RangedFile {
  readonly name: string;
  /** In full. */
  readonly address: string;
  readonly size: number;
  /** What the server says to tell it from another one in its place: its tag, or when it was changed. */
  readonly stamp: string;
}

/** Bytes that are asked for at once: headers are read in many small pieces. */
const BLOCK = 2 ** 20;
/** Blocks that are kept. */
const BLOCKS = 16;

/**
 * A file of a server, read piece by piece. Only in a worker: a page cannot wait.
 * @throws PtychonautError "usage" in a page; reading throws "changed" where the file is gone, or is another one
 */
export function rangedSource(file: RangedFile): ByteSource {
  if (typeof document !== "undefined")
    throw new PtychonautError("usage", "a page cannot read a file piece by piece", {
      fix: "open it in a worker of the page",
    });
  const { size } = file;
  const kept = new Map<number, Uint8Array>();
  const block = (index: number): Uint8Array => {
    const bytes = kept.get(index) ?? askFor(file, index * BLOCK, Math.min(size, (index + 1) * BLOCK));
    // The last one used stands last.
    kept.delete(index);
    kept.set(index, bytes);
    const [oldest] = kept.keys();
    if (kept.size > BLOCKS) kept.delete(oldest);
    return bytes;
  };
  return {
    size,
    stamp: file.stamp,
    read(offset, length) {
      const end = offset + length;
      if (length === 0) return new Uint8Array();
      if (length > 2 * BLOCK) return askFor(file, offset, end);
      const into = new Uint8Array(length);
      for (let at = offset; at < end; ) {
        const index = Math.floor(at / BLOCK);
        const piece = block(index).subarray(at - index * BLOCK, end - index * BLOCK);
        into.set(piece, at - offset);
        at += piece.length;
      }
      return into;
    },
  };
}

/** What tells a file from another one in its place. */
export const stampOf = (header: (name: string) => string | null): string =>
  header("ETag") ?? header("Last-Modified") ?? "";

/** Bytes from `from` to before `to`. */
function askFor(file: RangedFile, from: number, to: number): Uint8Array {
  const request = new XMLHttpRequest();
  try {
    request.open("GET", file.address, false);
    request.responseType = "arraybuffer";
    request.setRequestHeader("Range", `bytes=${from}-${to - 1}`);
    request.send();
  } catch (cause) {
    throw gone(file, "the server does not answer", cause);
  }
  const { status } = request;
  if (status !== 206) throw gone(file, status === 200 ? "the server gives no parts any more" : `status ${status}`);
  const bytes = new Uint8Array(request.response as ArrayBuffer);
  const whole = wholeSize(request.getResponseHeader("Content-Range"));
  if (whole !== file.size || stampOf((name) => request.getResponseHeader(name)) !== file.stamp)
    throw gone(file, "another file in its place");
  if (bytes.length !== to - from) throw gone(file, `${bytes.length} bytes of ${to - from}`);
  return bytes;
}

/** What a server says how long the whole is: `bytes 0-3/12`. */
export function wholeSize(range: string | null): number | undefined {
  const [, size] = /^bytes \d+-\d+\/(\d+)$/.exec(range ?? "") ?? [];
  return size === undefined ? undefined : Number(size);
}

const gone = ({ address }: RangedFile, got: string, cause?: unknown): PtychonautError =>
  new PtychonautError("changed", "the file cannot be read any more", {
    ...{ where: address, got, fix: "see whether the server still has it, and open it again" },
    ...(cause === undefined ? {} : { cause }),
  });
