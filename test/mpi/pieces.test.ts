import { describe, expect, it } from "vitest";
import { gatherInPieces } from "../../src/node/mpi/pieces.ts";
import { Random } from "../../src/random.ts";

describe("a gathering in pieces", () => {
  const random = new Random(7);

  it.each([
    [2, 0, 8],
    [2, 4, 8],
    [3, 5, 9],
    [3, 100, 31],
    [5, 7, 3],
  ])("%i ranks, %i bytes each, %i at a time: everything at its place", (size, length, piece) => {
    const owned = Array.from({ length: size }, () => Uint8Array.from({ length }, () => 256 * random.uniform()));
    const rank = size - 1;
    const counts: number[] = [];
    let first = 0;
    const allgather = (send: Uint8Array, receive: Uint8Array, bytes: number): void => {
      counts.push(bytes);
      expect(send.subarray(0, bytes)).toEqual(owned[rank].subarray(first, first + bytes));
      for (const [r, own] of owned.entries()) receive.set(own.subarray(first, first + bytes), r * bytes);
      first += bytes;
    };
    const all = new Uint8Array(size * length);
    gatherInPieces({ size, allgather }, owned[rank], all, piece);
    expect(all).toEqual(Uint8Array.from(owned.flatMap((own) => [...own])));
    // Of all ranks together no more than a piece, but a byte of each.
    expect(Math.max(...counts)).toBeLessThanOrEqual(Math.max(1, Math.floor(piece / size)));
  });
});
