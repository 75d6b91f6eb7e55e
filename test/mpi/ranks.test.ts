import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { librariesHere } from "../../src/node/mpi/library.ts";
import { launched, launchers } from "./launchers.ts";

const probe = fileURLToPath(new URL("probe.ts", import.meta.url));
const program = fileURLToPath(new URL("../../src/node/cli/ptychonaut.ts", import.meta.url));

const LONG = { timeout: 60_000 };

/** The sum of `probe.ts`, in the order of the ranks. */
const expectedSum = (size: number, i: number): number =>
  Math.fround(
    Array.from({ length: size }, (_, rank) => Math.fround(1e8 * (rank - 1) + 1 / (i + rank + 1))).reduce(
      (a, b) => a + b,
    ),
  );

describe.each(launchers)("$name", (launcher) => {
  const { name, command } = launcher;

  it.skipIf(command === undefined).each([2, 3])(
    "%i processes exchange, and their event loops go on",
    LONG,
    async (size) => {
      const { code, stdout, stderr } = await launched(launcher, size, [probe]);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      const all = JSON.parse(stdout);
      const rows = Array.from({ length: size }, (_, rank) => "x".repeat(rank));
      const ranks = (size * (size - 1)) / 2;
      for (const [rank, said] of all.entries()) {
        expect(said).toMatchObject({ rank, size, family: name, broadcast: "of 0", gathered: rows, ticked: true });
        expect(said.doubles).toEqual([ranks, 10 * ranks, 100 * ranks]);
        expect(said.sample).toEqual(said.sample.map((_: number, i: number) => expectedSum(size, i * 99_999)));
      }
    },
  );

  it.skipIf(command === undefined)("one that gives up ends all, also those that wait", LONG, async () => {
    const begin = performance.now();
    const { code, signal } = await launched(launcher, 2, [probe, "stuck"]);
    expect(signal).toBeNull();
    expect(code).not.toBe(0);
    expect(performance.now() - begin).toBeLessThan(30_000);
  });

  it.skipIf(command === undefined)("mpi-check says what joins them, and how fast", LONG, async () => {
    const { code, stdout } = await launched(launcher, 2, [program, "mpi-check"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^2 processes on 1 host, joined by (Open MPI|MPICH).* \(.*lib.*\)\na sum of 8 numbers takes \d+ µs, one of 4 MB [\d.]+ ms \([\d.]+ GB\/s\)\n$/,
    );
  });
});

const [openMpi, mpich] = launchers;
it.skipIf(openMpi.command === undefined || mpich.command === undefined)(
  "a library of another family than the launcher's is an error, not two processes that are alone",
  LONG,
  async () => {
    const { code, stderr } = await launched(openMpi, 2, [program, "mpi-check"], { PTYCHONAUT_MPI: "libmpich.so.12" });
    expect(code).not.toBe(0);
    expect(stderr).toContain(
      "the MPI library is not of the launcher's family; in libmpich.so.12; expected 2 processes",
    );
    const other = await launched(mpich, 2, [program, "mpi-check"], { PTYCHONAUT_MPI: "libmpi.so.40" });
    expect(other.code).not.toBe(0);
    expect(other.stderr).toContain("the MPI library is not of the launcher's family; in libmpi.so.40");
  },
);

it.skipIf(mpich.command === undefined)("without a library that loads says what to install", LONG, async () => {
  const { code, stderr } = await launched(mpich, 2, [program, "mpi-check"], { PTYCHONAUT_MPI: "/nowhere/libmpi.so" });
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/no MPI library can be loaded; expected \/nowhere.*apt-get install mpich/);
});

it("a library that is named and does not load is an error in one process too", async () => {
  await expect(librariesHere("/nowhere/libmpi.so")).rejects.toThrow(
    /no MPI library can be loaded; expected \/nowhere.*apt-get install/,
  );
});

it.skipIf(openMpi.command === undefined)("a command of one process refuses several", LONG, async () => {
  const { code, stderr } = await launched(openMpi, 2, [program, "inspect", "scan.npz"]);
  expect(code).toBe(2);
  expect(stderr).toContain("inspect does not share its work among processes; got 2 processes");
});
