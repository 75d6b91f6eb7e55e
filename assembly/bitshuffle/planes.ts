/**
 * Bits back to bytes. Of `8 * bytes` numbers of one byte, row j (of `bytes` bytes) holds bit j of each, the first of eight
 * numbers in the lowest bit. Rows follow one another from `rows` on.
 */
export function gatherBits(rows: usize, bytes: usize, to: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) sixteen(rows + at, bytes, to + 8 * at);
  for (; at < bytes; at++) {
    const row = rows + at;
    let x: u64 = 0;
    for (let j: usize = 0; j < 8; j++) x |= <u64>load<u8>(row + j * bytes) << (8 * j);
    store<u64>(to + 8 * at, transposed(x));
  }
}

/** A square of 8 × 8 bits, turned over its diagonal: bit 8 j + i to bit 8 i + j. */
@inline
function transposed(square: u64): u64 {
  let x = square;
  let t = (x ^ (x >> 7)) & 0x00aa00aa00aa00aa;
  x ^= t ^ (t << 7);
  t = (x ^ (x >> 14)) & 0x0000cccc0000cccc;
  x ^= t ^ (t << 14);
  t = (x ^ (x >> 28)) & 0x00000000f0f0f0f0;
  return x ^ t ^ (t << 28);
}

/** The same for 128 numbers at once: the squares lie across eight vectors, a square in each of the 16 bytes. */
@inline
function sixteen(row: usize, bytes: usize, to: usize): void {
  let a = v128.load(row);
  let b = v128.load(row + bytes);
  let c = v128.load(row + 2 * bytes);
  let d = v128.load(row + 3 * bytes);
  let e = v128.load(row + 4 * bytes);
  let f = v128.load(row + 5 * bytes);
  let g = v128.load(row + 6 * bytes);
  let h = v128.load(row + 7 * bytes);

  // Fours, twos and ones of bits change places; bits that a shift brings over from the next byte are masked.
  let mask = i8x16.splat(0x0f);
  let t = v128.and(v128.xor(v128.shr<u16>(a, 4), e), mask);
  e = v128.xor(e, t);
  a = v128.xor(a, v128.shl<u16>(t, 4));
  t = v128.and(v128.xor(v128.shr<u16>(b, 4), f), mask);
  f = v128.xor(f, t);
  b = v128.xor(b, v128.shl<u16>(t, 4));
  t = v128.and(v128.xor(v128.shr<u16>(c, 4), g), mask);
  g = v128.xor(g, t);
  c = v128.xor(c, v128.shl<u16>(t, 4));
  t = v128.and(v128.xor(v128.shr<u16>(d, 4), h), mask);
  h = v128.xor(h, t);
  d = v128.xor(d, v128.shl<u16>(t, 4));

  mask = i8x16.splat(0x33);
  t = v128.and(v128.xor(v128.shr<u16>(a, 2), c), mask);
  c = v128.xor(c, t);
  a = v128.xor(a, v128.shl<u16>(t, 2));
  t = v128.and(v128.xor(v128.shr<u16>(b, 2), d), mask);
  d = v128.xor(d, t);
  b = v128.xor(b, v128.shl<u16>(t, 2));
  t = v128.and(v128.xor(v128.shr<u16>(e, 2), g), mask);
  g = v128.xor(g, t);
  e = v128.xor(e, v128.shl<u16>(t, 2));
  t = v128.and(v128.xor(v128.shr<u16>(f, 2), h), mask);
  h = v128.xor(h, t);
  f = v128.xor(f, v128.shl<u16>(t, 2));

  mask = i8x16.splat(0x55);
  t = v128.and(v128.xor(v128.shr<u16>(a, 1), b), mask);
  b = v128.xor(b, t);
  a = v128.xor(a, v128.shl<u16>(t, 1));
  t = v128.and(v128.xor(v128.shr<u16>(c, 1), d), mask);
  d = v128.xor(d, t);
  c = v128.xor(c, v128.shl<u16>(t, 1));
  t = v128.and(v128.xor(v128.shr<u16>(e, 1), f), mask);
  f = v128.xor(f, t);
  e = v128.xor(e, v128.shl<u16>(t, 1));
  t = v128.and(v128.xor(v128.shr<u16>(g, 1), h), mask);
  h = v128.xor(h, t);
  g = v128.xor(g, v128.shl<u16>(t, 1));

  // Vector i has number 8 c + i in byte c: one after the other.
  const ab = low8(a, b);
  const cd = low8(c, d);
  const ef = low8(e, f);
  const gh = low8(g, h);
  fourTimes(ab, cd, ef, gh, to);
  fourTimes(high8(a, b), high8(c, d), high8(e, f), high8(g, h), to + 64);
}

@inline
function fourTimes(ab: v128, cd: v128, ef: v128, gh: v128, to: usize): void {
  const abcd = low16(ab, cd);
  const efgh = low16(ef, gh);
  v128.store(to, low32(abcd, efgh));
  v128.store(to, high32(abcd, efgh), 16);
  const moreAbcd = high16(ab, cd);
  const moreEfgh = high16(ef, gh);
  v128.store(to, low32(moreAbcd, moreEfgh), 32);
  v128.store(to, high32(moreAbcd, moreEfgh), 48);
}

@inline
export function low8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
@inline
export function high8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
@inline
export function low16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
@inline
export function high16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
@inline
export function low32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 4, 1, 5);
}
@inline
export function high32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 2, 6, 3, 7);
}
