/** Most threads that prepare batches, or replicas that compute gradients. */
export const MOST_WORKERS = 256;
