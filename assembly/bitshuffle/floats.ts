/** What elements become on their way out: what they are, or float32 of integers of one kind. */
export const AS_THEY_ARE: u32 = 0;
export const UINT8: u32 = 1;
export const UINT16: u32 = 2;
export const UINT32: u32 = 3;
export const INT16: u32 = 4;
export const INT32: u32 = 5;

/** Integers as float32, rounded to the nearest. */
export function toFloats(kind: u32, from: usize, count: usize, to: usize): void {
  if (kind == UINT8) {
    let i: usize = 0;
    for (; i + 16 <= count; i += 16) {
      const bytes = v128.load(from + i);
      eightUnsigned(i16x8.extend_low_i8x16_u(bytes), to + 4 * i);
      eightUnsigned(i16x8.extend_high_i8x16_u(bytes), to + 4 * i + 32);
    }
    rest<u8>(from, i, count, to);
  } else if (kind == UINT16) {
    let i: usize = 0;
    for (; i + 8 <= count; i += 8) eightUnsigned(v128.load(from + 2 * i), to + 4 * i);
    rest<u16>(from, i, count, to);
  } else if (kind == INT16) {
    let i: usize = 0;
    for (; i + 8 <= count; i += 8) {
      const eight = v128.load(from + 2 * i);
      v128.store(to + 4 * i, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(eight)));
      v128.store(to + 4 * i, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(eight)), 16);
    }
    rest<i16>(from, i, count, to);
  } else if (kind == UINT32) {
    let i: usize = 0;
    for (; i + 4 <= count; i += 4) v128.store(to + 4 * i, f32x4.convert_i32x4_u(v128.load(from + 4 * i)));
    rest<u32>(from, i, count, to);
  } else {
    let i: usize = 0;
    for (; i + 4 <= count; i += 4) v128.store(to + 4 * i, f32x4.convert_i32x4_s(v128.load(from + 4 * i)));
    rest<i32>(from, i, count, to);
  }
}

/** Small enough for the signed conversion, of which processors have an instruction. */
@inline
function eightUnsigned(eight: v128, to: usize): void {
  v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(eight)));
  v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(eight)), 16);
}

@inline
function rest<T>(from: usize, done: usize, count: usize, to: usize): void {
  for (let i = done; i < count; i++) store<f32>(to + 4 * i, <f32>load<T>(from + i * sizeof<T>()));
}
