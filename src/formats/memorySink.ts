import type { ByteSink, RandomFile } from "./byteSource.ts";

/** Bytes that grow as they are written, in memory. */
export interface MemorySink {
  readonly sink: ByteSink;
  /** What was written; nothing may be written after. */
  bytes(): Uint8Array<ArrayBuffer>;
}

/** @param expected bytes that will be written, as far as that is known: room that need not be made later */
export function memorySink(expected = 0): MemorySink {
  let room = new Uint8Array(Math.ceil(expected));
  let size = 0;
  return {
    sink: {
      write(piece) {
        if (size + piece.length > room.length) {
          const larger = new Uint8Array(Math.max(2 * room.length, size + piece.length));
          larger.set(room.subarray(0, size));
          room = larger;
        }
        room.set(piece, size);
        size += piece.length;
      },
      writeAt: (offset, piece) => room.set(piece, offset),
    },
    bytes: () => (size === room.length ? room : room.slice(0, size)),
  };
}

/** A file in memory that is written anywhere. */
export function memoryFile(): { readonly file: RandomFile; bytes(): Uint8Array<ArrayBuffer> } {
  let room = new Uint8Array(2 ** 12);
  let size = 0;
  const resize = (to: number): void => {
    if (to > room.length) {
      const larger = new Uint8Array(Math.max(2 * room.length, to));
      larger.set(room.subarray(0, size));
      room = larger;
    }
    // What was cut off must not come back.
    if (to < size) room.fill(0, to, size);
    size = to;
  };
  return {
    file: {
      get size() {
        return size;
      },
      read: (offset, length) => room.subarray(Math.min(offset, size), Math.min(offset + length, size)),
      write(offset, bytes) {
        if (offset + bytes.length > size) resize(offset + bytes.length);
        room.set(bytes, offset);
      },
      resize,
    },
    bytes: () => room.slice(0, size),
  };
}
