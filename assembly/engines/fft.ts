// Transforms along one axis, of several lines at once: an "element" is `bytes` long, blocks of 4 lines, [re × 4][im × 4]
// of 32 bytes each. Plans are laid out by src/engines/kernels/wasm/fftPlan.ts; all is forward and not normalised. The
// inverse takes real for imaginary parts on the way in and again on the way out.
import { last, pass } from "./butterflies";
import { multiplyIm, multiplyRe } from "./layout";

// Words of a plan. Offsets are from its start.
const COLUMN_BYTES: usize = 8, ROW_BYTES: usize = 12, CONVOLUTION: usize = 16, FACTORS: usize = 20, ORDER: usize = 24;
const CHIRP: usize = 28, KERNEL: usize = 32, FACTOR: usize = 36, FACTOR_BYTES: usize = 12;

/** Elements that each half of the scratch holds, at least the length. */
// @ts-ignore: decorator
@inline export function elements(plan: usize): usize { return load<i32>(plan, 4); }
/** Bytes of an element in passes over columns: 8 a column. */
// @ts-ignore: decorator
@inline export function columnBytes(plan: usize): usize { return load<i32>(plan, COLUMN_BYTES); }
/** Bytes of an element in passes over rows: 8 a row. */
// @ts-ignore: decorator
@inline export function rowBytes(plan: usize): usize { return load<i32>(plan, ROW_BYTES); }

/**
 * Elements from `src` through scratch to `dst`, in natural order. `first` and `second` have room for elements(plan) of
 * `bytes`; src may be first, dst may be second. Strides are in bytes, those of scratch are `bytes`.
 */
export function fft(
  plan: usize, src: usize, srcStride: usize, first: usize, second: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  const convolution = load<i32>(plan, CONVOLUTION);
  if (convolution == 0) direct(plan, src, srcStride, first, dst, dstStride, bytes);
  else bluestein(plan, plan + convolution, src, srcStride, first, second, dst, dstStride, bytes);
}

function direct(
  plan: usize, src: usize, srcStride: usize, scratch: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  const n = load<i32>(plan);
  const factors = load<i32>(plan, FACTORS);
  let length = n, factor = plan + FACTOR;
  for (let i = 1; i < factors; i++, factor += FACTOR_BYTES) {
    const radix = load<i32>(factor);
    pass(radix, src, srcStride, scratch, bytes, n, length, plan + load<i32>(factor, 4), bytes);
    length /= radix;
    src = scratch;
    srcStride = bytes;
  }
  last(load<i32>(factor), src, srcStride, dst, dstStride, n, plan + load<i32>(plan, ORDER), bytes);
}

/** Bluestein (1970): with jk = [j² + k² − (k − j)²] / 2 any length becomes a convolution with a chirp. */
function bluestein(
  plan: usize, inner: usize,
  src: usize, srcStride: usize, first: usize, second: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  const n = load<i32>(plan), m = load<i32>(inner);
  const chirp = plan + load<i32>(plan, CHIRP), kernel = plan + load<i32>(plan, KERNEL);
  const used = <usize>n * bytes;
  multiply(chirp, src, srcStride, first, bytes, n, bytes, 0, 0);
  memory.fill(first + used, 0, <usize>m * bytes - used);
  direct(inner, first, bytes, first, second, bytes, bytes);
  multiply(kernel, second, bytes, second, bytes, m, bytes, 0, 16);
  direct(inner, second, bytes, second, first, bytes, bytes);
  multiply(chirp, first, bytes, dst, dstStride, n, bytes, 16, 0);
}

/** dst[k] = src[k] factor[k]; real parts are at `from` of the source's blocks and `to` of the result's, 0 or 16. */
function multiply(
  factors: usize, src: usize, srcStride: usize, dst: usize, dstStride: usize, count: i32, bytes: usize,
  from: usize, to: usize,
): void {
  for (const end = factors + (<usize>count << 3); factors < end; factors += 8, src += srcStride, dst += dstStride) {
    const wr = v128.load32_splat(factors), wi = v128.load32_splat(factors, 4);
    for (let i: usize = 0; i < bytes; i += 32) {
      const re = v128.load(src + i + from), im = v128.load(src + i + (from ^ 16));
      v128.store(dst + i + to, multiplyRe(re, im, wr, wi));
      v128.store(dst + i + (to ^ 16), multiplyIm(re, im, wr, wi));
    }
  }
}
