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

/** Turns 4 × 4 numbers: vectors at s0 … s3 become columns, stored at d0 … d3. */
// @ts-ignore: decorator
@inline export function transpose(
  s0: usize, s1: usize, s2: usize, s3: usize, d0: usize, d1: usize, d2: usize, d3: usize,
): void {
  const a = v128.load(s0), b = v128.load(s1), c = v128.load(s2), d = v128.load(s3);
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
