/** Processes that train one model together, each on its share of every batch. */
export interface Communicator {
  /** 0 … size − 1; rank 0 writes files. */
  readonly rank: number;
  readonly size: number;
  /** Replaces the values, in every process, by their sum over all processes. Same result in each. */
  allReduceSum(values: Float32Array): Promise<void>;
}

/** One process: the sum is its own. */
export const alone: Communicator = { rank: 0, size: 1, allReduceSum: async () => {} };
