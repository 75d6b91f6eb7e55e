import { type Communicator, saidByAll } from "../../communicator.ts";
import { counted } from "../../printable.ts";
import type { Command, CommandContext } from "./command.ts";

/** Bytes of float32 whose sum is timed, and how often. */
const SIZES = [
  { bytes: 32, times: 200 },
  { bytes: 4 << 20, times: 10 },
] as const;

/** `ptychonaut mpi-check`: what joins the processes, and how fast they add up. */
export const mpiCheckCommand: Command = {
  usage: "",
  details:
    "Started by mpirun or srun, says which MPI library joins the processes and on how many hosts they are, and times the sum that training makes in every step: of a few numbers, and of four megabytes. Started alone, says which libraries load.",
  examples: ["mpirun -n 4 ptychonaut mpi-check", "srun --ntasks 4 ptychonaut mpi-check", "ptychonaut mpi-check"],
  flags: [],
  overRanks: true,
  run: async (_, context) => {
    const { ranks, about } = context.home.machine;
    if (ranks.size === 1) return sayLibraries(context);
    const hosts = new Set(await saidByAll(ranks, about.host));
    const [latency, bulk] = [await secondsOf(ranks, SIZES[0]), await secondsOf(ranks, SIZES[1])];
    const rate = SIZES[1].bytes / bulk / 1e9;
    const joined = `${ranks.size} processes on ${counted(hosts.size, "host")}`;
    context.print(`${joined}, joined by ${about.versions["mpi"]}\n`);
    context.print(
      `a sum of 8 numbers takes ${(1e6 * latency).toFixed(0)} µs, one of 4 MB ${(1e3 * bulk).toFixed(2)} ms (${rate.toFixed(2)} GB/s)\n`,
    );
    return 0;
  },
};

/** Seconds that a sum takes, the slowest process's mean. */
async function secondsOf(ranks: Communicator, { bytes, times }: (typeof SIZES)[number]): Promise<number> {
  const values = new Float32Array(bytes / 4);
  await ranks.sum(values);
  await ranks.barrier();
  const start = performance.now();
  for (let i = 0; i < times; i++) await ranks.sum(values);
  const own = (performance.now() - start) / times / 1000;
  return Math.max(...(await saidByAll(ranks, own)));
}

async function sayLibraries({ print }: CommandContext): Promise<number> {
  const { librariesHere } = await import("../mpi/library.ts");
  const found = await librariesHere(process.env["PTYCHONAUT_MPI"]);
  for (const { path, version, family } of found) print(`${path}: ${version}, spoken to as ${family}\n`);
  if (found.length === 0) print("no MPI library loads\n");
  print("one process: nothing is joined or timed; start it with mpirun -n 2, or srun --ntasks 2\n");
  return 0;
}
