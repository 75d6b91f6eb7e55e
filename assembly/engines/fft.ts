// Transforms along one axis, not normalised. Plans are laid out by src/engines/kernels/wasm/fftPlan.ts; each has a
// sister for the inverse. Two ways:
// - `fft`: lines side by side in lanes. An "element" is `bytes` long, blocks of 4 lines, [re × 4][im × 4], 32 bytes each.
// - `fftRows`: lines one after the other in blocked rows (layout.ts), 4 neighbours in lanes.
import { columnPass, last, pass, rowPass } from "./butterflies";
import {
  evens, highHalves, highPairs, loadColumns, loadRows, lowHalves, lowPairs, multiplyIm, multiplyRe, odds, padded,
  storeInterleavedRows, storeRows,
} from "./layout";

// Words of a plan. Offsets are from its start.
const COLUMN_BYTES: usize = 8, ROWS: usize = 12, INVERSE: usize = 16, REVERSED: usize = 20, CONVOLUTION: usize = 24;
const FACTORS: usize = 28, ORDER: usize = 32, CHIRP: usize = 36, KERNEL: usize = 40;
const ROW_FACTORS: usize = 44, ROW_FACTOR: usize = 48, ROW_ORDER: usize = 52, FACTOR: usize = 64, FACTOR_BYTES: usize = 8;

/** Elements that each half of the scratch of `fft` holds, at least the length. */
// @ts-ignore: decorator
@inline export function elements(plan: usize): usize { return load<i32>(plan, 4); }
/** Bytes of an element in passes over columns: 8 a column. */
// @ts-ignore: decorator
@inline export function columnBytes(plan: usize): usize { return load<i32>(plan, COLUMN_BYTES); }
/** Rows that `fftRows` is best given at once, a multiple of 4. */
// @ts-ignore: decorator
@inline export function rowCount(plan: usize): usize { return load<i32>(plan, ROWS); }
/** The plan of the inverse transform of the same length (of an inverse, the forward one). */
// @ts-ignore: decorator
@inline export function inversePlan(plan: usize): usize { return plan + load<i32>(plan, INVERSE); }

/**
 * Elements from `src` through scratch to `dst`, in natural order. `first` and `second` have room for elements(plan) of
 * `bytes`; src may be first, dst may be second. Strides are in bytes, those of scratch are `bytes`.
 */
export function fft(
  plan: usize, src: usize, srcStride: usize, first: usize, second: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  if (load<i32>(plan, CONVOLUTION) == 0) direct(plan, src, srcStride, first, dst, dstStride, bytes);
  else bluestein(plan, src, srcStride, first, second, dst, dstStride, bytes);
}

/** The same of columns of a plane of interleaved numbers. The pitch is in complex elements. */
export function fftColumns(
  plan: usize, src: usize, pitch: usize, first: usize, second: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  const n = load<i32>(plan), factors = load<i32>(plan, FACTORS);
  if (factors > 1) {
    const radix = load<i32>(plan, FACTOR), reversed = load<i32>(plan, REVERSED) != 0;
    columnPass(radix, src, pitch << 3, first, bytes, n, n, reversed, plan + load<i32>(plan, FACTOR + 4), bytes);
    rest(plan, 1, n / radix, first, bytes, first, dst, dstStride, bytes);
  } else {
    loadColumns(src, pitch, n, first, bytes);
    fft(plan, first, bytes, first, second, dst, dstStride, bytes);
  }
}

// @ts-ignore: decorator
@inline function direct(
  plan: usize, src: usize, srcStride: usize, scratch: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  rest(plan, 0, load<i32>(plan), src, srcStride, scratch, dst, dstStride, bytes);
}

/** Passes from the i-th on, of transforms of `length`. */
function rest(
  plan: usize, i: i32, length: i32,
  src: usize, srcStride: usize, scratch: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  const n = load<i32>(plan), factors = load<i32>(plan, FACTORS), reversed = load<i32>(plan, REVERSED) != 0;
  let factor = plan + FACTOR + <usize>i * FACTOR_BYTES;
  for (; i < factors - 1; i++, factor += FACTOR_BYTES) {
    const radix = load<i32>(factor);
    pass(radix, src, srcStride, scratch, bytes, n, length, reversed, plan + load<i32>(factor, 4), bytes);
    length /= radix;
    src = scratch;
    srcStride = bytes;
  }
  last(load<i32>(factor), src, srcStride, dst, dstStride, n, reversed, plan + load<i32>(plan, ORDER), bytes);
}

/** Bluestein (1970): with jk = [j² + k² − (k − j)²] / 2 any length becomes a convolution with a chirp. */
function bluestein(
  plan: usize, src: usize, srcStride: usize, first: usize, second: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  const inner = plan + load<i32>(plan, CONVOLUTION);
  const n = load<i32>(plan), m = load<i32>(inner);
  const chirp = plan + load<i32>(plan, CHIRP), kernel = plan + load<i32>(plan, KERNEL);
  const used = <usize>n * bytes;
  multiply(chirp, src, srcStride, first, bytes, n, bytes);
  memory.fill(first + used, 0, <usize>m * bytes - used);
  direct(inner, first, bytes, first, second, bytes, bytes);
  multiply(kernel, second, bytes, second, bytes, m, bytes);
  direct(inversePlan(inner), second, bytes, second, first, bytes, bytes);
  multiply(chirp, first, bytes, dst, dstStride, n, bytes);
}

/** dst[k] = src[k] factor[k] */
function multiply(
  factors: usize, src: usize, srcStride: usize, dst: usize, dstStride: usize, count: i32, bytes: usize,
): void {
  for (const end = factors + (<usize>count << 3); factors < end; factors += 8, src += srcStride, dst += dstStride) {
    const wr = v128.load32_splat(factors), wi = v128.load32_splat(factors, 4);
    for (let i: usize = 0; i < bytes; i += 32) {
      const re = v128.load(src + i), im = v128.load(src + i, 16);
      v128.store(dst + i, multiplyRe(re, im, wr, wi));
      v128.store(dst + i, multiplyIm(re, im, wr, wi), 16);
    }
  }
}

/**
 * Rows, a multiple of 4 of them, blocked → blocked, or interleaved, times `factor`. Dst may be src. Pitches are in complex
 * elements. Scratch is of FftPlan.rowScratch bytes, for `rowCount` rows at most.
 */
export function fftRows(
  plan: usize, src: usize, srcPitch: usize, dst: usize, dstPitch: usize, rows: i32, scratch: usize,
  interleaved: bool, factor: f32,
): void {
  const n = load<i32>(plan), factors = load<i32>(plan, ROW_FACTORS);
  if (factors == 0) {
    turnedRows(plan, src, srcPitch, dst, dstPitch, rows, scratch, interleaved, factor);
    return;
  }
  const reversed = load<i32>(plan, REVERSED) != 0, pitch = (<usize>n << 3) + 64;
  let length = n, at = plan + load<i32>(plan, ROW_FACTOR);
  srcPitch <<= 3;
  for (let i = 1; i < factors; i++, at += FACTOR_BYTES) {
    const radix = load<i32>(at);
    rowPass(radix, src, srcPitch, scratch, pitch, n, length, reversed, plan + load<i32>(at, 4), rows);
    length /= radix;
    src = scratch;
    srcPitch = pitch;
  }
  const order = plan + load<i32>(plan, ROW_ORDER);
  const block = <usize>(n / load<i32>(plan + load<i32>(plan, ROW_FACTOR))) << 3;
  if (interleaved) rowLast4(src, srcPitch, dst, dstPitch << 3, n, block, reversed, order, rows, factor, true);
  else rowLast4(src, srcPitch, dst, dstPitch << 3, n, block, reversed, order, rows, factor, false);
}

/** The last pass over rows: of radix 4, on 4 blocks at once that hold neighbouring frequencies. */
// @ts-ignore: decorator
@inline function rowLast4(
  src: usize, srcPitch: usize, dst: usize, dstPitch: usize, n: i32, block: usize, reversed: bool, order: usize, rows: i32,
  factor: f32, interleaved: bool,
): void {
  const scale = f32x4.splat(factor), dstPart = <usize>n << 1;
  const firstPart: usize = reversed ? 3 * dstPart : dstPart, nextPart: usize = reversed ? 0 - dstPart : dstPart;
  for (const end = order + (<usize>n >> 1); order < end; order += 8) {
    let s0 = src + load<i32>(order), d0 = dst + load<i32>(order, 4);
    for (const end = s0 + <usize>rows * srcPitch; s0 < end; s0 += srcPitch, d0 += dstPitch) {
      const s1 = s0 + block, s2 = s1 + block, s3 = s2 + block;
      const d1 = d0 + firstPart, d2 = d1 + nextPart, d3 = d2 + nextPart;
      const ar = v128.load(s0), br = v128.load(s1), cr = v128.load(s2), dr = v128.load(s3);
      const abrLow = lowPairs(ar, br), abrHigh = highPairs(ar, br), cdrLow = lowPairs(cr, dr), cdrHigh = highPairs(cr, dr);
      const x0r = lowHalves(abrLow, cdrLow), x1r = highHalves(abrLow, cdrLow);
      const x2r = lowHalves(abrHigh, cdrHigh), x3r = highHalves(abrHigh, cdrHigh);
      const er = f32x4.add(x0r, x2r), fr = f32x4.sub(x0r, x2r), gr = f32x4.add(x1r, x3r), hr = f32x4.sub(x1r, x3r);
      const ai = v128.load(s0, 16), bi = v128.load(s1, 16), ci = v128.load(s2, 16), di = v128.load(s3, 16);
      const abiLow = lowPairs(ai, bi), abiHigh = highPairs(ai, bi), cdiLow = lowPairs(ci, di), cdiHigh = highPairs(ci, di);
      const x0i = lowHalves(abiLow, cdiLow), x1i = highHalves(abiLow, cdiLow);
      const x2i = lowHalves(abiHigh, cdiHigh), x3i = highHalves(abiHigh, cdiHigh);
      const ei = f32x4.add(x0i, x2i), fi = f32x4.sub(x0i, x2i), gi = f32x4.add(x1i, x3i), hi = f32x4.sub(x1i, x3i);
      storeFour(d0, f32x4.add(er, gr), f32x4.add(ei, gi), scale, interleaved);
      storeFour(d1, f32x4.add(fr, hi), f32x4.sub(fi, hr), scale, interleaved);
      storeFour(d2, f32x4.sub(er, gr), f32x4.sub(ei, gi), scale, interleaved);
      storeFour(d3, f32x4.sub(fr, hi), f32x4.add(fi, hr), scale, interleaved);
    }
  }
}

// @ts-ignore: decorator
@inline function storeFour(dst: usize, re: v128, im: v128, scale: v128, interleaved: bool): void {
  re = f32x4.mul(re, scale);
  im = f32x4.mul(im, scale);
  v128.store(dst, interleaved ? lowPairs(re, im) : re);
  v128.store(dst, interleaved ? highPairs(re, im) : im, 16);
}

/** Rows of lengths that have no passes of their own: turned, so that 4 of them lie in lanes, and back. */
function turnedRows(
  plan: usize, src: usize, srcPitch: usize, dst: usize, dstPitch: usize, rows: i32, scratch: usize,
  interleaved: bool, factor: f32,
): void {
  const n = load<i32>(plan), bytes = <usize>rows << 3, second = scratch + (elements(plan) + 3) * bytes;
  loadRows(src, srcPitch, n, scratch, bytes);
  fft(plan, scratch, bytes, scratch, second, second, bytes, bytes);
  memory.fill(second + <usize>n * bytes, 0, (padded(n) - <usize>n) * bytes);
  if (interleaved) storeInterleavedRows(second, bytes, dst, dstPitch, n, factor);
  else storeRows(second, bytes, dst, dstPitch, n, factor);
}
