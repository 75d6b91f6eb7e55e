/**
 * Processes that do one run together, each on its share of it. All of them make the same calls in the same order, one
 * after the other: a call waits until every process has made it. Replicas in threads of one process are no part of this: they add their gradients
 * in shared memory before the process speaks for all of them.
 */
export interface Communicator {
  /** 0 … size − 1; rank 0 writes files and talks. */
  readonly rank: number;
  readonly size: number;
  /**
   * Replaces the values, in every process, by their sum over all processes. They are added in the order of the ranks, in
   * float64, and rounded once: the same bits in every process and in every run with as many.
   */
  sum(values: Float32Array | Float64Array): Promise<void>;
  /** The bytes that rank 0 gave, in every process; what others give is not looked at. */
  broadcast(bytes: Uint8Array): Promise<Uint8Array>;
  /** What every process gave, of any length, in the order of the ranks, in every process. */
  gather(bytes: Uint8Array): Promise<readonly Uint8Array[]>;
  /** Waits for all. */
  barrier(): Promise<void>;
}

/** One process: the sum is its own. */
export const alone: Communicator = {
  rank: 0,
  size: 1,
  sum: async () => {},
  broadcast: async (bytes) => bytes,
  gather: async (bytes) => [bytes],
  barrier: async () => {},
};

/** Sums of a few numbers over all processes. */
export async function sumsOf(communicator: Communicator, values: readonly number[]): Promise<readonly number[]> {
  const summed = Float64Array.from(values);
  await communicator.sum(summed);
  return [...summed];
}

/** Values of all processes together that are looked at at a time. */
const AT_ONCE = 1 << 20;

/** Replaces the values, in every process, by the greatest that any process has in their place. */
export async function greatest(communicator: Communicator, values: Float64Array): Promise<void> {
  const { size } = communicator;
  if (size === 1) return;
  const step = Math.max(1, Math.floor(AT_ONCE / size));
  for (let first = 0; first < values.length; first += step) {
    const own = values.subarray(first, first + step);
    const all = await communicator.gather(new Uint8Array(own.slice().buffer));
    for (const bytes of all)
      for (const [i, value] of new Float64Array(bytes.slice().buffer).entries()) own[i] = Math.max(own[i], value);
  }
}

/** Replaces the values, in every process, by their mean over all processes. */
export async function mean(communicator: Communicator, values: Float32Array | Float64Array): Promise<void> {
  const { size } = communicator;
  if (size === 1) return;
  await communicator.sum(values);
  for (let i = 0; i < values.length; i++) values[i] /= size;
}

/** What rank 0 makes, in every process; the others make nothing. It must survive JSON. */
export async function madeByFirst<T>(communicator: Communicator, make: () => T | Promise<T>): Promise<T> {
  if (communicator.size === 1) return make();
  const own = communicator.rank === 0 ? new TextEncoder().encode(JSON.stringify(await make())) : new Uint8Array(0);
  return JSON.parse(new TextDecoder().decode(await communicator.broadcast(own))) as T;
}

/** What every process says, in the order of the ranks. It must survive JSON. */
export async function saidByAll<T>(communicator: Communicator, own: T): Promise<readonly T[]> {
  if (communicator.size === 1) return [own];
  const all = await communicator.gather(new TextEncoder().encode(JSON.stringify(own)));
  return all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T);
}

/** How many they are, to follow a line on what computes; nothing for one. */
export const inProcesses = ({ size }: Communicator): string => (size === 1 ? "" : `, in ${size} processes`);
