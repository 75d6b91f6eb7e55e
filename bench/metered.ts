import type { Communicator } from "../src/communicator.ts";

/** What went between processes. */
export interface Traffic {
  calls: number;
  /** Of what this process gave to be added up, told or gathered. */
  bytes: number;
  /** In the calls, waiting for the others included. */
  milliseconds: number;
}

/** A communicator that counts what goes through it. */
export function metered(ranks: Communicator): { readonly ranks: Communicator; readonly traffic: Traffic } {
  const traffic: Traffic = { calls: 0, bytes: 0, milliseconds: 0 };
  const counted = async <T>(bytes: number, call: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const answer = await call();
    traffic.calls++;
    traffic.bytes += bytes;
    traffic.milliseconds += performance.now() - start;
    return answer;
  };
  return {
    traffic,
    ranks: {
      rank: ranks.rank,
      size: ranks.size,
      sum: (values) => counted(values.byteLength, () => ranks.sum(values)),
      broadcast: (bytes) => counted(bytes.length, () => ranks.broadcast(bytes)),
      gather: (bytes) => counted(bytes.length, () => ranks.gather(bytes)),
      barrier: () => counted(0, () => ranks.barrier()),
    },
  };
}
