import type { Exchange } from "./orderedSum.ts";

/** Pieces in which long messages go, bytes: MPI counts with 31 bits. */
export const PIECE: number = 1 << 28;

/**
 * Part r of `all` becomes what rank r has in `own`, which is as long everywhere. Longer than a piece, of all ranks together,
 * it goes in several: MPI puts the parts of each side by side, so that they are moved to their places.
 */
export function gatherInPieces(
  { size, allgather }: Pick<Exchange, "size" | "allgather">,
  own: Uint8Array,
  all: Uint8Array,
  piece: number = PIECE,
): void {
  const step = Math.max(1, Math.floor(piece / size));
  if (own.length <= step) {
    allgather(own, all, own.length);
    return;
  }
  const together = new Uint8Array(step * size);
  for (let first = 0; first < own.length; first += step) {
    const part = own.subarray(first, first + step);
    allgather(part, together, part.length);
    for (let rank = 0; rank < size; rank++)
      all.set(together.subarray(rank * part.length, (rank + 1) * part.length), rank * own.length + first);
  }
}
