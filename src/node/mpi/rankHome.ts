import { type Communicator, saidByAll } from "../../communicator.ts";
import { counted } from "../../printable.ts";
import type { Home } from "../../runs/machine.ts";
import { readingStore } from "../../runs/readingStore.ts";

/** What rank 0 says where a computer has more processes than processors; undefined where none has. */
export async function crowded(
  { about, parallelism }: Home["machine"],
  ranks: Communicator,
): Promise<string | undefined> {
  // Of those that a launcher bound, each has its own.
  const all = await saidByAll(ranks, {
    host: about.host,
    processors: parallelism < about.cores ? undefined : parallelism,
  });
  for (const { host, processors } of all) {
    const here = all.filter((other) => other.host === host).length;
    if (processors !== undefined && here > processors)
      return `${here} processes share ${counted(processors, "processor")} of ${host}: they wait for one another; start fewer`;
  }
  return undefined;
}

/**
 * The home of one of several processes: a share of what its computer has where several run there; and for rank 0 alone a
 * store to write to, and pictures.
 * @param mpi what joins them, for `run.json`
 */
export async function homeOfRank({ machine, store }: Home, ranks: Communicator, mpi: string): Promise<Home> {
  const { pictures, ...own } = machine;
  const { about, memory, parallelism } = own;
  const hosts = await saidByAll(ranks, about.host);
  const here = hosts.filter((host) => host === about.host).length;
  // Launchers often bind a process to its processors; what is left to it then is its own.
  const bound = parallelism < about.cores;
  const processors = bound ? parallelism : Math.max(1, Math.floor(parallelism / here));
  return {
    machine: {
      ...own,
      ...(pictures === undefined || ranks.rank > 0 ? {} : { pictures }),
      ranks,
      parallelism: processors,
      // ONNX Runtime counts the computer's processors, whoever else is there.
      runtime: async (accelerator) =>
        (await import("../../runtime/node/accelerator.ts")).chooseRuntime(accelerator, {
          session: { threads: processors },
        }),
      memory: memory / here,
      about: { ...about, versions: { ...about.versions, mpi } },
    },
    store: ranks.rank === 0 ? store : readingStore(store),
  };
}
