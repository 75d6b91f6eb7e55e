// Lengths that are no product of radices: with jk = [j² + k² − (k − j)²] / 2 a transform becomes a convolution with a
// chirp (Bluestein 1970). It is done along rows on a circle whose length is such a product: passes forward, which leave
// frequencies in their own order; in one go the last pass, the chirp's response, and the first pass back; passes back.
import { rowPass, rowPassBack } from "./butterflies";
import {
  backTwiddlesOf, chirp, convolutionLength, firstRowPass, kernel, length, PASS_BYTES, radixOf, rowPasses,
  twiddlesOf,
} from "./fftPlan";
import { storeFour } from "./fftRows";
import { firstHalfPass, lastHalfPass } from "./halfPass";
import { highHalves, highPairs, lowHalves, lowPairs, multiplyIm, multiplyRe, padded, storeTurned } from "./layout";

/** As `directRows`, in scratch for `rowCount` rows of the convolution. */
export function bluesteinRows(
  plan: usize, src: usize, srcPitch: usize, dst: usize, dstPitch: usize, rows: i32, scratch: usize,
  interleaved: bool, factor: f32,
): void {
  const pitch = (<usize>convolutionLength(plan) << 3) + 64, used = padded(length(plan)) << 3;
  const end = scratch + <usize>rows * pitch;
  for (let row = scratch; row < end; row += pitch, src += srcPitch) {
    multiply(src, chirp(plan), row, used, 1, false);
    memory.fill(row + used, 0, circleUsed(plan) - used);
  }
  convolve(plan, scratch, pitch, rows);
  for (let row = scratch; row < end; row += pitch, dst += dstPitch) {
    if (interleaved) multiply(row, chirp(plan), dst, used, factor, true);
    else multiply(row, chirp(plan), dst, used, factor, false);
  }
}

/** Bytes of a row that passes read. */
function circleUsed(plan: usize): usize {
  return <usize>convolutionLength(plan) << (radixOf(firstRowPass(plan)) == 4 ? 2 : 3);
}

// @ts-ignore: decorator
@inline function multiply(src: usize, table: usize, dst: usize, bytes: usize, factor: f32, interleaved: bool): void {
  const scale = f32x4.splat(factor);
  for (const end = src + bytes; src < end; src += 32, table += 32, dst += 32) {
    const ar = v128.load(src), ai = v128.load(src, 16), br = v128.load(table), bi = v128.load(table, 16);
    storeFour(dst, multiplyRe(ar, ai, br, bi), multiplyIm(ar, ai, br, bi), scale, interleaved);
  }
}

/** Rows in place, pitch in bytes. Where the first pass is of radix 4, what is beyond half of the circle is neither read nor made. */
function convolve(plan: usize, src: usize, pitch: usize, rows: i32): void {
  const m = convolutionLength(plan), count = rowPasses(plan);
  const first = firstRowPass(plan), half = radixOf(first) == 4;
  let part = m, at = first;
  for (let i = 0; i < count; i++, at += PASS_BYTES) {
    const radix = radixOf(at), twiddles = twiddlesOf(plan, at);
    if (half && i == 0) firstHalfPass(src, pitch, m, twiddles, rows);
    else rowPass(radix, src, pitch, src, pitch, m, part, false, twiddles, rows);
    part /= radix;
  }
  for (let i = 0; i < rows; i++) respond(src + <usize>i * pitch, kernel(plan), <usize>m << 3);
  for (let i = count - 1; i >= 0; i--) {
    at -= PASS_BYTES;
    const radix = radixOf(at), twiddles = backTwiddlesOf(plan, at);
    part *= radix;
    if (half && i == 0) lastHalfPass(src, pitch, m, twiddles, rows);
    else rowPassBack(radix, src, pitch, m, part, twiddles, rows);
  }
}

/** 4 blocks of 4 at a time: radix 4 forward, times the response, radix 4 back. */
function respond(src: usize, table: usize, bytes: usize): void {
  for (const end = src + bytes; src < end; src += 128, table += 128) {
    turnBlocks(src);
    turnBlocks(src + 16);
    const x0r = v128.load(src), x1r = v128.load(src, 32), x2r = v128.load(src, 64), x3r = v128.load(src, 96);
    const x0i = v128.load(src, 16), x1i = v128.load(src, 48), x2i = v128.load(src, 80), x3i = v128.load(src, 112);
    const ar = f32x4.add(x0r, x2r), br = f32x4.sub(x0r, x2r), cr = f32x4.add(x1r, x3r), dr = f32x4.sub(x1r, x3r);
    const ai = f32x4.add(x0i, x2i), bi = f32x4.sub(x0i, x2i), ci = f32x4.add(x1i, x3i), di = f32x4.sub(x1i, x3i);
    const y0r = f32x4.add(ar, cr), y1r = f32x4.add(br, di), y2r = f32x4.sub(ar, cr), y3r = f32x4.sub(br, di);
    const y0i = f32x4.add(ai, ci), y1i = f32x4.sub(bi, dr), y2i = f32x4.sub(ai, ci), y3i = f32x4.add(bi, dr);
    const k0r = v128.load(table), k0i = v128.load(table, 16), k1r = v128.load(table, 32), k1i = v128.load(table, 48);
    const z0r = multiplyRe(y0r, y0i, k0r, k0i), z0i = multiplyIm(y0r, y0i, k0r, k0i);
    const z1r = multiplyRe(y1r, y1i, k1r, k1i), z1i = multiplyIm(y1r, y1i, k1r, k1i);
    const k2r = v128.load(table, 64), k2i = v128.load(table, 80), k3r = v128.load(table, 96), k3i = v128.load(table, 112);
    const z2r = multiplyRe(y2r, y2i, k2r, k2i), z2i = multiplyIm(y2r, y2i, k2r, k2i);
    const z3r = multiplyRe(y3r, y3i, k3r, k3i), z3i = multiplyIm(y3r, y3i, k3r, k3i);
    const er = f32x4.add(z0r, z2r), fr = f32x4.sub(z0r, z2r), gr = f32x4.add(z1r, z3r), hr = f32x4.sub(z1r, z3r);
    const ei = f32x4.add(z0i, z2i), fi = f32x4.sub(z0i, z2i), gi = f32x4.add(z1i, z3i), hi = f32x4.sub(z1i, z3i);
    v128.store(src, f32x4.add(er, gr));
    v128.store(src, f32x4.add(ei, gi), 16);
    v128.store(src, f32x4.sub(fr, hi), 32);
    v128.store(src, f32x4.add(fi, hr), 48);
    v128.store(src, f32x4.sub(er, gr), 64);
    v128.store(src, f32x4.sub(ei, gi), 80);
    v128.store(src, f32x4.add(fr, hi), 96);
    v128.store(src, f32x4.sub(fi, hr), 112);
    turnBlocks(src);
    turnBlocks(src + 16);
  }
}

/** Turns the parts, real or imaginary, of 4 blocks in place. */
// @ts-ignore: decorator
@inline function turnBlocks(src: usize): void {
  const a = v128.load(src), b = v128.load(src, 32), c = v128.load(src, 64), d = v128.load(src, 96);
  const abLow = lowPairs(a, b), abHigh = highPairs(a, b), cdLow = lowPairs(c, d), cdHigh = highPairs(c, d);
  v128.store(src, lowHalves(abLow, cdLow));
  v128.store(src, highHalves(abLow, cdLow), 32);
  v128.store(src, lowHalves(abHigh, cdHigh), 64);
  v128.store(src, highHalves(abHigh, cdHigh), 96);
}

/**
 * As `fft`: 4 lines in lanes at a time are turned into rows, and back. The result has room for elements up to a multiple of
 * 4, which become zero.
 */
export function bluestein(
  plan: usize, src: usize, srcStride: usize, second: usize, dst: usize, dstStride: usize, bytes: usize,
): void {
  const n = length(plan), pitch = (<usize>convolutionLength(plan) << 3) + 64, used = padded(n) << 3;
  const scratch = second + padded(n) * bytes, end = scratch + 4 * pitch;
  for (let i: usize = 0; i < bytes; i += 32) {
    turnIn(src + i, srcStride, scratch, pitch, n, chirp(plan));
    for (let row = scratch; row < end; row += pitch) {
      endRow(row, n);
      memory.fill(row + used, 0, circleUsed(plan) - used);
    }
    convolve(plan, scratch, pitch, 4);
    turnOut(scratch, pitch, dst + i, dstStride, n, chirp(plan));
  }
}

/** Elements of 4 lines, times the chirp → blocked rows. */
function turnIn(src: usize, stride: usize, dst: usize, pitch: usize, n: i32, table: usize): void {
  const s1 = stride, s2: usize = 2 * stride, s3: usize = 3 * stride, d1 = pitch, d2: usize = 2 * pitch, d3: usize = 3 * pitch;
  for (const end = dst + (padded(n) << 3); dst < end; dst += 32, table += 32, src += stride << 2) {
    let ar = v128.load(src), ai = v128.load(src, 16), wr = v128.load32_splat(table), wi = v128.load32_splat(table, 16);
    const r0 = multiplyRe(ar, ai, wr, wi), i0 = multiplyIm(ar, ai, wr, wi);
    ar = v128.load(src + s1); ai = v128.load(src + s1, 16); wr = v128.load32_splat(table, 4); wi = v128.load32_splat(table, 20);
    const r1 = multiplyRe(ar, ai, wr, wi), i1 = multiplyIm(ar, ai, wr, wi);
    ar = v128.load(src + s2); ai = v128.load(src + s2, 16); wr = v128.load32_splat(table, 8); wi = v128.load32_splat(table, 24);
    const r2 = multiplyRe(ar, ai, wr, wi), i2 = multiplyIm(ar, ai, wr, wi);
    ar = v128.load(src + s3); ai = v128.load(src + s3, 16); wr = v128.load32_splat(table, 12); wi = v128.load32_splat(table, 28);
    const r3 = multiplyRe(ar, ai, wr, wi), i3 = multiplyIm(ar, ai, wr, wi);
    storeTurned(r0, r1, r2, r3, dst, dst + d1, dst + d2, dst + d3);
    storeTurned(i0, i1, i2, i3, dst + 16, dst + d1 + 16, dst + d2 + 16, dst + d3 + 16);
  }
}

/** Blocked rows → elements of 4 lines, times the chirp. */
function turnOut(src: usize, pitch: usize, dst: usize, stride: usize, n: i32, table: usize): void {
  const s1 = pitch, s2: usize = 2 * pitch, s3: usize = 3 * pitch, d1 = stride, d2: usize = 2 * stride, d3: usize = 3 * stride;
  for (const end = src + (padded(n) << 3); src < end; src += 32, table += 32, dst += stride << 2) {
    let a = v128.load(src), b = v128.load(src + s1), c = v128.load(src + s2), d = v128.load(src + s3);
    let abLow = lowPairs(a, b), abHigh = highPairs(a, b), cdLow = lowPairs(c, d), cdHigh = highPairs(c, d);
    const r0 = lowHalves(abLow, cdLow), r1 = highHalves(abLow, cdLow), r2 = lowHalves(abHigh, cdHigh), r3 = highHalves(abHigh, cdHigh);
    a = v128.load(src, 16); b = v128.load(src + s1, 16); c = v128.load(src + s2, 16); d = v128.load(src + s3, 16);
    abLow = lowPairs(a, b); abHigh = highPairs(a, b); cdLow = lowPairs(c, d); cdHigh = highPairs(c, d);
    storeTimes(dst, r0, lowHalves(abLow, cdLow), table);
    storeTimes(dst + d1, r1, highHalves(abLow, cdLow), table + 4);
    storeTimes(dst + d2, r2, lowHalves(abHigh, cdHigh), table + 8);
    storeTimes(dst + d3, r3, highHalves(abHigh, cdHigh), table + 12);
  }
}

// @ts-ignore: decorator
@inline function storeTimes(dst: usize, re: v128, im: v128, factor: usize): void {
  const wr = v128.load32_splat(factor), wi = v128.load32_splat(factor, 16);
  v128.store(dst, multiplyRe(re, im, wr, wi));
  v128.store(dst, multiplyIm(re, im, wr, wi), 16);
}

/** Zeros from n to a multiple of 4, where there may be anything, not numbers even. */
function endRow(row: usize, n: i32): void {
  for (let x = n; x < <i32>padded(n); x++) {
    const at = row + (<usize>(n & ~3) << 3) + (<usize>(x & 3) << 2);
    store<f32>(at, 0);
    store<f32>(at, 0, 16);
  }
}
