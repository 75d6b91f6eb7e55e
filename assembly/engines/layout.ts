// How complex numbers lie.
// - In planes: row-major, interleaved complex64 with a pitch, in complex elements, that is a multiple of 4, rows made up
//   to a multiple of 4; what is beyond the image is zero and stays so.
// - "Blocked": 4 real parts, then the 4 imaginary parts, 32 bytes. In scratch, and in a plane between passes: there
//   every 4 neighbours of a row are so, in the place of the same 4 interleaved.

/** [a0 b0 a1 b1] */
// @ts-ignore: decorator
@inline export function lowPairs(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 0, 4, 1, 5); }
/** [a2 b2 a3 b3] */
// @ts-ignore: decorator
@inline export function highPairs(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 2, 6, 3, 7); }
/** [a0 a1 b0 b1] */
// @ts-ignore: decorator
@inline export function lowHalves(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 0, 1, 4, 5); }
/** [a2 a3 b2 b3] */
// @ts-ignore: decorator
@inline export function highHalves(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 2, 3, 6, 7); }
/** [a0 a2 b0 b2]: real parts of 4 interleaved. */
// @ts-ignore: decorator
@inline export function evens(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 0, 2, 4, 6); }
/** [a1 a3 b1 b3]: imaginary parts of 4 interleaved. */
// @ts-ignore: decorator
@inline export function odds(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 1, 3, 5, 7); }

/** Turns 4 × 4 numbers: vectors at s0 … s3 become columns, times scale, stored at d0 … d3. */
// @ts-ignore: decorator
@inline export function transpose(
  s0: usize, s1: usize, s2: usize, s3: usize, d0: usize, d1: usize, d2: usize, d3: usize, scale: v128,
): void {
  const a = f32x4.mul(v128.load(s0), scale), b = f32x4.mul(v128.load(s1), scale);
  const c = f32x4.mul(v128.load(s2), scale), d = f32x4.mul(v128.load(s3), scale);
  storeTurned(a, b, c, d, d0, d1, d2, d3);
}

/** The same of vectors a … d. */
// @ts-ignore: decorator
@inline export function storeTurned(
  a: v128, b: v128, c: v128, d: v128, d0: usize, d1: usize, d2: usize, d3: usize,
): void {
  const abLow = lowPairs(a, b), abHigh = highPairs(a, b), cdLow = lowPairs(c, d), cdHigh = highPairs(c, d);
  v128.store(d0, lowHalves(abLow, cdLow));
  v128.store(d1, highHalves(abLow, cdLow));
  v128.store(d2, lowHalves(abHigh, cdHigh));
  v128.store(d3, highHalves(abHigh, cdHigh));
}

// @ts-ignore: decorator
@inline export function multiplyRe(ar: v128, ai: v128, br: v128, bi: v128): v128 {
  return f32x4.sub(f32x4.mul(ar, br), f32x4.mul(ai, bi));
}
// @ts-ignore: decorator
@inline export function multiplyIm(ar: v128, ai: v128, br: v128, bi: v128): v128 {
  return f32x4.add(f32x4.mul(ar, bi), f32x4.mul(ai, br));
}

/** 4 columns or rows at least, so that vectors are full. */
// @ts-ignore: decorator
@inline export function padded(extent: i32): usize { return <usize>((extent + 3) & ~3); }

/** Interleaved columns of h rows → scratch; `bytes` is 8 a column. */
export function loadColumns(src: usize, pitch: usize, h: i32, dst: usize, bytes: usize): void {
  const row = pitch << 3;
  for (const end = dst + <usize>h * bytes; dst < end; src += row) {
    let s = src;
    for (const rowEnd = dst + bytes; dst < rowEnd; dst += 32, s += 32) {
      const a = v128.load(s), b = v128.load(s, 16);
      v128.store(dst, evens(a, b));
      v128.store(dst, odds(a, b), 16);
    }
  }
}

/** Scratch → interleaved columns. */
export function storeColumns(src: usize, bytes: usize, dst: usize, pitch: usize, h: i32): void {
  const row = pitch << 3;
  for (const end = src + <usize>h * bytes; src < end; dst += row) {
    let d = dst;
    for (const rowEnd = src + bytes; src < rowEnd; src += 32, d += 32) {
      const re = v128.load(src), im = v128.load(src, 16);
      v128.store(d, lowPairs(re, im));
      v128.store(d, highPairs(re, im), 16);
    }
  }
}

/** 4 blocked rows, `pitch` bytes apart → elements of 32 bytes, `stride` bytes apart; n of them up to a multiple of 4. */
export function turnRows(src: usize, pitch: usize, dst: usize, stride: usize, n: i32): void {
  const one = f32x4.splat(1);
  for (const end = src + (padded(n) << 3); src < end; src += 32, dst += stride << 2) {
    for (let part: usize = 0; part < 32; part += 16) {
      const s = src + part, d = dst + part;
      transpose(s, s + pitch, s + 2 * pitch, s + 3 * pitch, d, d + stride, d + 2 * stride, d + 3 * stride, one);
    }
  }
}

/** The way back, times `factor`. */
export function turnElements(src: usize, stride: usize, dst: usize, pitch: usize, n: i32, factor: f32): void {
  const scale = f32x4.splat(factor);
  for (const end = dst + (padded(n) << 3); dst < end; dst += 32, src += stride << 2) {
    for (let part: usize = 0; part < 32; part += 16) {
      const s = src + part, d = dst + part;
      transpose(s, s + stride, s + 2 * stride, s + 3 * stride, d, d + pitch, d + 2 * pitch, d + 3 * pitch, scale);
    }
  }
}

/** The same to interleaved rows. */
export function turnElementsInterleaved(src: usize, stride: usize, dst: usize, pitch: usize, n: i32, factor: f32): void {
  const scale = f32x4.splat(factor);
  for (const end = dst + (padded(n) << 3); dst < end; dst += 16, src += stride << 1) {
    transpose(src, src + 16, src + stride, src + stride + 16, dst, dst + pitch, dst + 2 * pitch, dst + 3 * pitch, scale);
  }
}
