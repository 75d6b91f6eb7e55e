import { describe, expect, it } from "vitest";
import { type Exchange, OrderedSum } from "../../src/node/mpi/orderedSum.ts";
import { Random } from "../../src/random.ts";

/** Runs all ranks' sums in step: an exchange is recorded until all have asked, by running each rank again from its start. */
function sumOverRanks(all: readonly (Float32Array | Float64Array)[]): (Float32Array | Float64Array)[] {
  const size = all.length;
  const sent: Uint8Array[][] = [];
  class NotYet extends Error {}
  const attempt = (rank: number): Float32Array | Float64Array | undefined => {
    let round = 0;
    /** What all sent in this round; `NotYet` where some have not come so far. */
    const meet = (bytes: Uint8Array): Uint8Array[] => {
      sent[round] ??= [];
      sent[round][rank] = bytes.slice();
      const everybody = sent[round++];
      for (let r = 0; r < size; r++) if (everybody[r] === undefined) throw new NotYet();
      return everybody;
    };
    const exchange: Exchange = {
      rank,
      size,
      alltoall(send, receive, bytes) {
        for (const [r, from] of meet(send).entries())
          receive.set(from.subarray(rank * bytes, (rank + 1) * bytes), r * bytes);
      },
      allgather(send, receive, bytes) {
        for (const [r, from] of meet(send).entries()) receive.set(from.subarray(0, bytes), r * bytes);
      },
    };
    const values = all[rank].slice();
    try {
      new OrderedSum(exchange).sum(values);
      return values;
    } catch (error) {
      if (error instanceof NotYet) return undefined;
      throw error;
    }
  };
  for (;;) {
    const done = all.map((_, rank) => attempt(rank));
    if (done.every((values) => values !== undefined)) return done;
  }
}

describe("a sum in the order of the ranks", () => {
  const random = new Random(5);
  // Short vectors go one way, long ones the other; some do not divide by the ranks.
  it.each([
    [2, 1],
    [3, 7],
    [4, 1025],
    [3, 4001],
    [7, 601],
  ])("%i ranks, %i values: rounded once, the same everywhere", (size, length) => {
    const drawn = Array.from({ length: size }, () =>
      Float64Array.from({ length }, () => random.normal() * 10 ** (12 * random.uniform() - 6)),
    );
    for (const all of [drawn, drawn.map((values) => Float32Array.from(values))]) {
      const expected = all[0].map((_, i) => all.reduce((total, values) => total + values[i], 0));
      for (const values of sumOverRanks(all)) expect(values).toEqual(expected);
    }
  });
});
