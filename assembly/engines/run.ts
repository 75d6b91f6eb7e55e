// Walks a program. Every thread walks it, and does its part of each operation; between operations they wait for each
// other.
import { elementwise } from "./elementwise";
import { exitChange } from "./exit";
import { combine, divide, fill, fillNumbers, reciprocal, zero } from "./factors";
import { likelihood } from "./likelihood";
import { stepOverlaps } from "./overlaps";
import { pieStep } from "./pie";
import { ramps } from "./ramps";
import { largest, sums } from "./sums";
import { barrier, failed, joinThreads } from "./threads";
import { transform } from "./transform";
import { cut, paste } from "./windows";

// Opcodes, which src/engines/kernels/wasm/program.ts reads from the module's exports.
export const ZERO = 0, ELEMENTWISE = 1, COMBINE = 2, DIVIDE = 3, FILL = 4, FILL_NUMBERS = 5, CUT = 6, PASTE = 7;
export const SUMS = 8, LARGEST = 9, LIKELIHOOD = 10, RAMPS = 11, FOURIER = 12, RECIPROCAL = 13;
export const EXIT_CHANGE = 14, PIE_STEP = 15, STEP_OVERLAPS = 16;

/**
 * Records from `program` to `end`. Each thread has its own `scratch`; `partials` is for all, `state` is what they wait
 * with. Whether all went well: not, where another thread has failed.
 */
export function run(
  program: usize, end: usize, scratch: usize, partials: usize, state: usize, thread: i32, threads: i32,
): bool {
  joinThreads(state, threads);
  for (let record = program; record < end && !failed(); ) {
    // Once all are past the last barrier, the program may be another one.
    const next = record + (load<usize>(record, 4) << 2);
    perform(record, scratch, partials, thread, threads);
    barrier();
    record = next;
  }
  return !failed();
}

function perform(record: usize, scratch: usize, partials: usize, thread: i32, threads: i32): void {
  switch (load<i32>(record)) {
    case ZERO: return zero(record, thread, threads);
    case ELEMENTWISE: return elementwise(record, scratch, thread, threads);
    case COMBINE: return combine(record, thread, threads);
    case DIVIDE: return divide(record, thread, threads);
    case FILL: return fill(record, thread, threads);
    case FILL_NUMBERS: return fillNumbers(record, thread);
    case CUT: return cut(record, thread, threads);
    case PASTE: return paste(record, thread, threads);
    case SUMS: return sums(record, partials, thread, threads);
    case LARGEST: return largest(record, partials, thread, threads);
    case LIKELIHOOD: return likelihood(record, partials, thread, threads);
    case RAMPS: return ramps(record, scratch, thread, threads);
    case FOURIER: return transform(record, scratch, thread, threads);
    case RECIPROCAL: return reciprocal(record, thread, threads);
    case EXIT_CHANGE: return exitChange(record, scratch, partials, thread, threads);
    case PIE_STEP: return pieStep(record, scratch, partials, thread, threads);
    case STEP_OVERLAPS: return stepOverlaps(record, scratch, partials, thread, threads);
    default: unreachable();
  }
}
