// Transforms along one axis with lines side by side in lanes, not normalised. An "element" is `bytes` long: blocks of 4
// lines, [re × 4][im × 4], 32 bytes each. A plan has a sister for the inverse.
import { bluestein } from "./bluestein";
import { columnPass, last, pass, RADIX_LIMIT } from "./butterflies";
import {
  anglesOf, blockOrder, firstPass, isReversed, length, PASS_BYTES, passes, radixOf, twiddlesOf,
} from "./fftPlan";
import { loadColumns } from "./layout";
import { primeLast, primePass } from "./primePass";

/**
 * Elements from `src` through scratch to `dst`, in natural order. `first` and `second` have room for elements(plan) of
 * `bytes`; src may be first, dst may be second. Strides are in bytes, those of scratch are `bytes`.
 */
export function fft(
  plan: usize, src: usize, srcStride: usize, first: usize, second: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  if (passes(plan) != 0) rest(plan, 0, length(plan), src, srcStride, first, dst, dstStride, bytes);
  else bluestein(plan, src, srcStride, second, dst, dstStride, bytes);
}

/** The same of columns of a plane of interleaved numbers. The pitch is in complex elements. */
export function fftColumns(
  plan: usize, src: usize, pitch: usize, first: usize, second: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  const n = length(plan), pass = firstPass(plan), radix = radixOf(pass);
  if (passes(plan) > 1 && radix <= RADIX_LIMIT) {
    columnPass(radix, src, pitch << 3, first, bytes, n, n, isReversed(plan), twiddlesOf(plan, pass), bytes);
    rest(plan, 1, n / radix, first, bytes, first, dst, dstStride, bytes);
  } else {
    loadColumns(src, pitch, n, first, bytes);
    fft(plan, first, bytes, first, second, dst, dstStride, bytes);
  }
}

/** Passes from the i-th on, of transforms of `part` elements. */
function rest(
  plan: usize, i: i32, part: i32,
  src: usize, srcStride: usize, scratch: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  const n = length(plan), count = passes(plan), reversed = isReversed(plan);
  // Behind the elements there is room for one butterfly of a prime radix.
  const spare = scratch + <usize>n * bytes;
  let at = firstPass(plan) + <usize>i * PASS_BYTES;
  for (; i < count - 1; i++, at += PASS_BYTES) {
    const radix = radixOf(at), twiddles = twiddlesOf(plan, at);
    if (radix <= RADIX_LIMIT) pass(radix, src, srcStride, scratch, bytes, n, part, reversed, twiddles, bytes);
    else primePass(radix, src, srcStride, scratch, bytes, n, part, reversed, twiddles, bytes, anglesOf(plan, at), spare);
    part /= radix;
    src = scratch;
    srcStride = bytes;
  }
  const radix = radixOf(at), order = blockOrder(plan);
  if (radix <= RADIX_LIMIT) last(radix, src, srcStride, dst, dstStride, n, reversed, order, bytes);
  else primeLast(radix, src, srcStride, dst, dstStride, n, reversed, order, bytes, anglesOf(plan, at), spare);
}
