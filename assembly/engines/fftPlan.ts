// The words of a plan, as src/engines/kernels/wasm/fftPlan.ts lays them out. Offsets are in bytes from the plan's start.

/** Lines' length. */
// @ts-ignore: decorator
@inline export function length(plan: usize): i32 { return load<i32>(plan); }
/** Elements that each half of the scratch of `fft` holds, at least the length. */
// @ts-ignore: decorator
@inline export function elements(plan: usize): usize { return load<i32>(plan, 4); }
/** Bytes of an element in passes over columns: 8 a column. */
// @ts-ignore: decorator
@inline export function columnBytes(plan: usize): usize { return load<i32>(plan, 8); }
/** Rows that `fftRows` is best given at once, a multiple of 4. */
// @ts-ignore: decorator
@inline export function rowCount(plan: usize): usize { return load<i32>(plan, 12); }
/** The plan of the inverse transform of the same length (of an inverse, the forward one). */
// @ts-ignore: decorator
@inline export function inversePlan(plan: usize): usize { return plan + load<i32>(plan, 16); }
/** Whether results of a butterfly go to parts in reversed order, which makes it an inverse one. */
// @ts-ignore: decorator
@inline export function isReversed(plan: usize): bool { return load<i32>(plan, 20) != 0; }

/** Passes of lines in lanes: radix, twiddles, and angles where the radix is prime; 0 where the length is no product of radices. */
// @ts-ignore: decorator
@inline export function passes(plan: usize): i32 { return load<i32>(plan, 24); }
// @ts-ignore: decorator
@inline export function firstPass(plan: usize): usize { return plan + load<i32>(plan, 28); }
/** The frequency of each block of the last pass. */
// @ts-ignore: decorator
@inline export function blockOrder(plan: usize): usize { return plan + load<i32>(plan, 32); }

/** Passes along rows, 0 where there are none; the last is of radix 4 and not counted. */
// @ts-ignore: decorator
@inline export function rowPasses(plan: usize): i32 { return load<i32>(plan, 36); }
// @ts-ignore: decorator
@inline export function firstRowPass(plan: usize): usize { return plan + load<i32>(plan, 40); }
/** Groups of the last pass along rows: where its 4 blocks and its first result are, in bytes from the row's start. */
// @ts-ignore: decorator
@inline export function rowGroups(plan: usize): i32 { return load<i32>(plan, 44); }
// @ts-ignore: decorator
@inline export function firstRowGroup(plan: usize): usize { return plan + load<i32>(plan, 48); }

/** Of a convolution, whose passes along rows they are, the length. */
// @ts-ignore: decorator
@inline export function convolutionLength(plan: usize): i32 { return load<i32>(plan, 52); }
/** Blocked; zero from the length up to a multiple of 4. */
// @ts-ignore: decorator
@inline export function chirp(plan: usize): usize { return plan + load<i32>(plan, 56); }
/** Blocked, in the order in which the passes leave frequencies: results of 4 blocks that are neighbours. */
// @ts-ignore: decorator
@inline export function kernel(plan: usize): usize { return plan + load<i32>(plan, 60); }

// Of a pass.
export const PASS_BYTES: usize = 12;
// @ts-ignore: decorator
@inline export function radixOf(pass: usize): i32 { return load<i32>(pass); }
// @ts-ignore: decorator
@inline export function twiddlesOf(plan: usize, pass: usize): usize { return plan + load<i32>(pass, 4); }
// @ts-ignore: decorator
@inline export function anglesOf(plan: usize, pass: usize): usize { return plan + load<i32>(pass, 8); }
/** Twiddles of the way back, in a convolution. */
// @ts-ignore: decorator
@inline export function backTwiddlesOf(plan: usize, pass: usize): usize { return plan + load<i32>(pass, 8); }
