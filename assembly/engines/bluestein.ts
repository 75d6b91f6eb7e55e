// Lengths that are no product of radices: with jk = [j² + k² − (k − j)²] / 2 a transform becomes a convolution with a
// chirp (Bluestein 1970). It is done along rows on a circle whose length is such a product: passes forward, which leave
// frequencies in their own order; in one go the last pass, the chirp's response, and the first pass back; passes back.
import { rowPass, rowPassBack } from "./butterflies";
import {
  backTwiddlesOf, chirp, convolutionLength, firstRowPass, kernel, length, PASS_BYTES, radixOf, rowPasses,
  twiddlesOf,
} from "./fftPlan";
import { storeFour } from "./fftRows";
import { highHalves, highPairs, lowHalves, lowPairs, multiplyIm, multiplyRe, padded, turnElements, turnRows } from "./layout";

/** As `directRows`, in scratch for `rowCount` rows of the convolution. */
export function bluesteinRows(
  plan: usize, src: usize, srcPitch: usize, dst: usize, dstPitch: usize, rows: i32, scratch: usize,
  interleaved: bool, factor: f32,
): void {
  const all = <usize>convolutionLength(plan) << 3, pitch = all + 64, used = padded(length(plan)) << 3;
  const end = scratch + <usize>rows * pitch;
  for (let row = scratch; row < end; row += pitch, src += srcPitch) {
    multiply(src, chirp(plan), row, used, 1, false);
    memory.fill(row + used, 0, all - used);
  }
  convolve(plan, scratch, pitch, rows);
  for (let row = scratch; row < end; row += pitch, dst += dstPitch) {
    if (interleaved) multiply(row, chirp(plan), dst, used, factor, true);
    else multiply(row, chirp(plan), dst, used, factor, false);
  }
}

// @ts-ignore: decorator
@inline function multiply(src: usize, table: usize, dst: usize, bytes: usize, factor: f32, interleaved: bool): void {
  const scale = f32x4.splat(factor);
  for (const end = src + bytes; src < end; src += 32, table += 32, dst += 32) {
    const ar = v128.load(src), ai = v128.load(src, 16), br = v128.load(table), bi = v128.load(table, 16);
    storeFour(dst, multiplyRe(ar, ai, br, bi), multiplyIm(ar, ai, br, bi), scale, interleaved);
  }
}

/** Rows in place, pitch in bytes. */
function convolve(plan: usize, src: usize, pitch: usize, rows: i32): void {
  const m = convolutionLength(plan), count = rowPasses(plan);
  let part = m, at = firstRowPass(plan);
  for (let i = 0; i < count; i++, at += PASS_BYTES) {
    const radix = radixOf(at);
    rowPass(radix, src, pitch, src, pitch, m, part, false, twiddlesOf(plan, at), rows);
    part /= radix;
  }
  for (let i = 0; i < rows; i++) respond(src + <usize>i * pitch, kernel(plan), <usize>m << 3);
  for (let i = 0; i < count; i++) {
    at -= PASS_BYTES;
    const radix = radixOf(at);
    part *= radix;
    rowPassBack(radix, src, pitch, m, part, backTwiddlesOf(plan, at), rows);
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
  const n = length(plan), pitch = padded(n) << 3;
  const rows = second + padded(n) * bytes, scratch = rows + 4 * pitch;
  for (let i: usize = 0; i < bytes; i += 32) {
    turnElements(src + i, srcStride, rows, pitch, n, 1);
    for (let y: usize = 0; y < 4; y++) endRow(rows + y * pitch, n);
    bluesteinRows(plan, rows, pitch, rows, pitch, 4, scratch, false, 1);
    turnRows(rows, pitch, dst + i, dstStride, n);
  }
}

/** Zeros from n to a multiple of 4, where there may be anything, not numbers even. */
function endRow(row: usize, n: i32): void {
  for (let x = n; x < <i32>padded(n); x++) {
    const at = row + (<usize>(n & ~3) << 3) + (<usize>(x & 3) << 2);
    store<f32>(at, 0);
    store<f32>(at, 0, 16);
  }
}
