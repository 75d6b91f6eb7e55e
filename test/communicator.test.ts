import { describe, expect, it } from "vitest";
import { alone, type Communicator, madeByFirst, mean, saidByAll, sumsOf } from "../src/communicator.ts";
import { inOneProcess } from "./communicators.ts";

const everywhere = <T>(ranks: readonly Communicator[], work: (rank: Communicator) => Promise<T>): Promise<T[]> =>
  Promise.all(ranks.map(work));

describe.each([1, 3])("with %i processes", (size) => {
  const ranks = size === 1 ? [alone] : inOneProcess(size);

  it("sums and means are over all, in each", async () => {
    const sums = await everywhere(ranks, (own) => sumsOf(own, [own.rank + 1, 10]));
    for (const sum of sums) expect(sum).toEqual([(size * (size + 1)) / 2, 10 * size]);
    const means = await everywhere(ranks, async (own) => {
      const values = Float32Array.of(own.rank, 7);
      await mean(own, values);
      return [...values];
    });
    for (const value of means) expect(value).toEqual([(size - 1) / 2, 7]);
  });

  it("what the first makes is made once and had by all", async () => {
    let made = 0;
    const make = () => {
      made++;
      return { seed: 42, names: ["a", null] };
    };
    const had = await everywhere(ranks, (own) => madeByFirst(own, make));
    expect(made).toBe(1);
    for (const value of had) expect(value).toEqual({ seed: 42, names: ["a", null] });
  });

  it("what all say is in the order of the ranks, of any length", async () => {
    const said = await everywhere(ranks, (own) => saidByAll(own, "x".repeat(own.rank)));
    for (const words of said) expect(words).toEqual(ranks.map(({ rank }) => "x".repeat(rank)));
  });
});
