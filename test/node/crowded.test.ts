import { expect, it } from "vitest";
import { nodeMachine } from "../../src/node/machine.ts";
import { crowded } from "../../src/node/mpi/rankHome.ts";
import { inOneProcess } from "../communicators.ts";

/** What is said of processes on computers, each with its name, its processors, and how many of them a process may use. */
const saidOf = async (processes: readonly { host: string; cores: number; parallelism: number }[]) => {
  const ranks = inOneProcess(processes.length);
  const said = processes.map(({ host, cores, parallelism }, rank) =>
    crowded({ ...nodeMachine, parallelism, about: { ...nodeMachine.about, host, cores } }, ranks[rank]),
  );
  return new Set(await Promise.all(said));
};

const on = (host: string, cores: number, parallelism = cores) => ({ host, cores, parallelism });

it("warns of a computer with more processes than processors, wherever it is", async () => {
  expect(await saidOf([on("a", 2), on("b", 2), on("b", 2), on("b", 2)])).toEqual(
    new Set(["3 processes share 2 processors of b: they wait for one another; start fewer"]),
  );
});

it("says nothing where there is one for each, or the launcher gave each its own", async () => {
  expect(await saidOf([on("a", 2), on("a", 2), on("b", 1)])).toEqual(new Set([undefined]));
  expect(await saidOf([on("a", 4, 1), on("a", 4, 1), on("a", 4, 1)])).toEqual(new Set([undefined]));
});
