// The transform of planes: columns, then rows, a block of them at a time in scratch that the first cache holds. Between
// the two the plane is blocked (layout.ts).
// Fused kernels put the same pieces together: columns that they prepare in scratch, or `fftColumns` of a plane, to a
// blocked work plane; by `fftRows` a few of its rows, blocked → blocked, compare them with the data, and back by the
// inverse plan; `fft` of the work plane's columns, blocked, to scratch, from where they update what they like.
import { fftColumns } from "./fft";
import { columnBytes, elements, inversePlan, rowCount } from "./fftPlan";
import { fftRows } from "./fftRows";
import { padded } from "./layout";

/** Bytes of one half of the scratch in passes over columns. */
// @ts-ignore: decorator
@inline export function columnScratch(plan: usize): usize { return elements(plan) * columnBytes(plan); }

/** What threads share columns by, in bytes of a row: a cache line. Blocks that are transformed at once may be wider. */
export const COLUMN_SHARE: usize = 64;
/** What they share rows by. */
export const ROW_SHARE: usize = 4;

/** Where part `thread` of `count` things in blocks begins, in things. */
// @ts-ignore: decorator
@inline export function shareStart(count: usize, block: usize, thread: i32, threads: i32): usize {
  const blocks = (count + block - 1) / block;
  return min(count, ((blocks * <usize>thread) / <usize>threads) * block);
}

/** First half of a transform, not scaled: this thread's columns of h × w, interleaved src → blocked dst, which may be src. */
export function fourierColumns(
  src: usize, dst: usize, pitch: usize, h: i32, w: i32, planH: usize, scratch: usize, inverse: bool,
  thread: i32, threads: i32,
): void {
  const plan = inverse ? inversePlan(planH) : planH;
  const block = columnBytes(plan), end = padded(w) << 3, second = scratch + columnScratch(plan);
  const to = shareStart(end, COLUMN_SHARE, thread + 1, threads);
  for (let at = shareStart(end, COLUMN_SHARE, thread, threads); at < to; at += block) {
    fftColumns(plan, src + at, pitch, scratch, second, dst + at, pitch << 3, min(block, to - at));
  }
}

/** Second half, when all columns are done, and the scale: this thread's rows, blocked → interleaved, in place. */
export function fourierRows(
  dst: usize, pitch: usize, h: i32, w: i32, planW: usize, scratch: usize, inverse: bool, thread: i32, threads: i32,
): void {
  const plan = inverse ? inversePlan(planW) : planW;
  const block = rowCount(plan), end = padded(h);
  const factor = <f32>(1 / Math.sqrt(<f64>h * <f64>w));
  const to = shareStart(end, ROW_SHARE, thread + 1, threads);
  for (let at = shareStart(end, ROW_SHARE, thread, threads); at < to; at += block) {
    const rows = dst + ((at * pitch) << 3);
    fftRows(plan, rows, pitch, rows, pitch, <i32>min(block, to - at), scratch, true, factor);
  }
}

/** Unitary transform of a plane, both origins at index 0; dst may be src. The inverse is the adjoint. */
export function fourier(
  src: usize, dst: usize, pitch: usize, h: i32, w: i32, planH: usize, planW: usize, scratch: usize, inverse: bool,
): void {
  fourierColumns(src, dst, pitch, h, w, planH, scratch, inverse, 0, 1);
  fourierRows(dst, pitch, h, w, planW, scratch, inverse, 0, 1);
}
