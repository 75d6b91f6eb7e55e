import type { ByteSink } from "./byteSource.ts";

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
