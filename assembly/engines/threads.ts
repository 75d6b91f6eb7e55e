// What threads that run one program wait for each other with. State, in words: how many have arrived, how many times
// all have, whether one has failed.

const SPINS = 20000;
const SECOND_IN_NS: i64 = 1000000000;
/** Seconds without a sign of the others until they are given up. */
const PATIENCE = 60;

let state: usize = 0;
let threads: i32 = 1;

export function joinThreads(at: usize, count: i32): void {
  state = at;
  threads = count;
}

/** All wait until all are here. After a failure nobody waits any more. */
export function barrier(): void {
  if (!ASC_FEATURE_THREADS) return;
  if (threads == 1) return;
  const generation = atomic.load<i32>(state, 4);
  if (atomic.add<i32>(state, 1) == threads - 1) {
    atomic.store<i32>(state, 0);
    atomic.add<i32>(state, 1, 4);
    atomic.notify(state + 4, -1);
    return;
  }
  for (let i = 0; i < SPINS; i++) if (atomic.load<i32>(state, 4) != generation) return;
  for (let waited = 0; atomic.load<i32>(state, 4) == generation && !failed(); waited++) {
    if (waited > PATIENCE) atomic.store<i32>(state, 1, 8);
    atomic.wait<i32>(state + 4, generation, SECOND_IN_NS);
  }
}

/**
 * Reads a word of every cache line of some rows, when other threads have written them: all that is far is on its way at
 * once, where transforms would wait for one after the other. WebAssembly has no other way to ask for lines beforehand.
 */
export function fetchRows(at: usize, pitch: usize, rows: i32, bytes: usize): void {
  let word: i32 = 0;
  for (let y = 0; y < rows; y++, at += pitch) {
    for (let i: usize = 0; i < bytes; i += 64) word |= load<i32>(at + i);
  }
  fetched = word;
}
/** Keeps the compiler from leaving the reading out. */
let fetched: i32 = 0;

export function failed(): bool {
  if (!ASC_FEATURE_THREADS) return false;
  return threads > 1 && atomic.load<i32>(state, 8) != 0;
}
