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

/** Blocked rows → scratch, an element a column of the plane; `bytes` is 8 a row. */
export function loadRows(src: usize, pitch: usize, w: i32, dst: usize, bytes: usize): void {
  const row = pitch << 3, one = f32x4.splat(1);
  for (let i: usize = 0; i < bytes; i += 32, src += row << 2) {
    let s = src, d = dst + i;
    for (const end = s + (padded(w) << 3); s < end; s += 32, d += bytes << 2) {
      for (let part: usize = 0; part < 32; part += 16) {
        const from = s + part, to = d + part;
        transpose(from, from + row, from + 2 * row, from + 3 * row, to, to + bytes, to + 2 * bytes, to + 3 * bytes, one);
      }
    }
  }
}

/** Scratch → blocked rows, times `factor`. Elements up to a multiple of 4 are there, zero where they are beyond the width. */
export function storeRows(src: usize, bytes: usize, dst: usize, pitch: usize, w: i32, factor: f32): void {
  const row = pitch << 3, scale = f32x4.splat(factor);
  for (let i: usize = 0; i < bytes; i += 32, dst += row << 2) {
    let d = dst, s = src + i;
    for (const end = d + (padded(w) << 3); d < end; d += 32, s += bytes << 2) {
      for (let part: usize = 0; part < 32; part += 16) {
        const from = s + part, to = d + part;
        transpose(from, from + bytes, from + 2 * bytes, from + 3 * bytes, to, to + row, to + 2 * row, to + 3 * row, scale);
      }
    }
  }
}

/** Scratch → interleaved rows, as `storeRows`. */
export function storeInterleavedRows(src: usize, bytes: usize, dst: usize, pitch: usize, w: i32, factor: f32): void {
  const row = pitch << 3, scale = f32x4.splat(factor);
  for (let i: usize = 0; i < bytes; i += 32, dst += row << 2) {
    let d = dst, s = src + i;
    for (const end = d + (padded(w) << 3); d < end; d += 16, s += bytes << 1) {
      transpose(s, s + 16, s + bytes, s + bytes + 16, d, d + row, d + 2 * row, d + 3 * row, scale);
    }
  }
}
