import type { Communicator } from "../src/communicator.ts";

/** Communicators of so many processes that are all in this one: every call waits until each has made it. */
export function inOneProcess(size: number): Communicator[] {
  const meet = meeting<Float32Array | Float64Array | Uint8Array>(size);
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    async sum(values) {
      const all = (await meet(rank, values.slice())) as (typeof values)[];
      for (let i = 0; i < values.length; i++) {
        let total = 0;
        for (const own of all) total += own[i];
        values[i] = total;
      }
    },
    broadcast: async (bytes) => ((await meet(rank, bytes)) as Uint8Array[])[0],
    gather: async (bytes) => (await meet(rank, bytes)) as Uint8Array[],
    barrier: async () => void (await meet(rank, new Uint8Array(0))),
  }));
}

/** Gives each caller what all callers of one round brought, by rank. */
function meeting<T>(size: number): (rank: number, value: T) => Promise<readonly T[]> {
  let round: { values: T[]; resolve: ((all: readonly T[]) => void)[] } = { values: [], resolve: [] };
  return (rank, value) =>
    new Promise((resolve) => {
      const { values } = round;
      values[rank] = value;
      round.resolve.push(resolve);
      if (round.resolve.length < size) return;
      const done = round;
      round = { values: [], resolve: [] };
      for (const answer of done.resolve) answer(values);
    });
}
