import type { Fields, RawFile } from "./fields.ts";

/** Kinds of what the newer indexes keep: chunks without filters, and with them. */
export const FILTERED = 1;

/** Bytes of an entry's address and mask; what is left of it tells how many bytes the chunk has. */
export const entryBytes = ({ addressBytes }: RawFile): number => addressBytes + 4;

export interface FilteredChunk {
  readonly address: number | undefined;
  readonly size: number;
  readonly mask: number;
}

/** @param sizeBytes of the field that has the chunk's bytes in the file */
export function filteredChunk(fields: Fields, sizeBytes: number): FilteredChunk {
  return { address: fields.address(), size: fields.number(sizeBytes), mask: fields.number(4) };
}
