// The transform of planes: columns, then rows, a block of them at a time in scratch that the first cache holds. Between
// the two the plane is blocked (layout.ts). Fused kernels put the pieces together themselves, around `fft`.
import { columnBytes, elements, fft, rowBytes } from "./fft";
import { evens, highPairs, lowPairs, odds, transpose } from "./layout";

/** 4 columns or rows at least, so that vectors are full. */
// @ts-ignore: decorator
@inline export function padded(extent: i32): usize { return <usize>((extent + 3) & ~3); }

/** Interleaved columns of h rows → scratch; `bytes` is 8 a column. With swap, 16, real and imaginary parts change places. */
export function loadColumns(
  src: usize, pitch: usize, h: i32, dst: usize, bytes: usize, swap: usize, factor: f32,
): void {
  const scale = f32x4.splat(factor), rowBytes = pitch << 3;
  for (const end = dst + <usize>h * bytes; dst < end; src += rowBytes) {
    let s = src;
    for (const rowEnd = dst + bytes; dst < rowEnd; dst += 32, s += 32) {
      const a = v128.load(s), b = v128.load(s, 16);
      v128.store(dst + swap, f32x4.mul(evens(a, b), scale));
      v128.store(dst + (swap ^ 16), f32x4.mul(odds(a, b), scale));
    }
  }
}

/** Scratch → interleaved columns. */
export function storeColumns(src: usize, bytes: usize, dst: usize, pitch: usize, h: i32, swap: usize, factor: f32): void {
  const scale = f32x4.splat(factor), rowBytes = pitch << 3;
  for (const end = src + <usize>h * bytes; src < end; dst += rowBytes) {
    let d = dst;
    for (const rowEnd = src + bytes; src < rowEnd; src += 32, d += 32) {
      const re = f32x4.mul(v128.load(src + swap), scale), im = f32x4.mul(v128.load(src + (swap ^ 16)), scale);
      v128.store(d, lowPairs(re, im));
      v128.store(d, highPairs(re, im), 16);
    }
  }
}

/** Blocked rows → scratch, an element a column of the plane; `bytes` is 8 a row. */
export function loadRows(src: usize, pitch: usize, w: i32, dst: usize, bytes: usize): void {
  const row = pitch << 3;
  for (let i: usize = 0; i < bytes; i += 32, src += row << 2) {
    let s = src, d = dst + i;
    for (const end = s + (padded(w) << 3); s < end; s += 32, d += bytes << 2) {
      for (let part: usize = 0; part < 32; part += 16) {
        const from = s + part, to = d + part;
        transpose(from, from + row, from + 2 * row, from + 3 * row, to, to + bytes, to + 2 * bytes, to + 3 * bytes);
      }
    }
  }
}

/** Scratch → blocked rows. Elements up to a multiple of 4 are there, zero where they are beyond the width. */
export function storeRows(src: usize, bytes: usize, dst: usize, pitch: usize, w: i32): void {
  const row = pitch << 3;
  for (let i: usize = 0; i < bytes; i += 32, dst += row << 2) {
    let d = dst, s = src + i;
    for (const end = d + (padded(w) << 3); d < end; d += 32, s += bytes << 2) {
      for (let part: usize = 0; part < 32; part += 16) {
        const from = s + part, to = d + part;
        transpose(from, from + bytes, from + 2 * bytes, from + 3 * bytes, to, to + row, to + 2 * row, to + 3 * row);
      }
    }
  }
}

/** Interleaved rows → scratch. */
export function loadInterleavedRows(src: usize, pitch: usize, w: i32, dst: usize, bytes: usize, swap: usize): void {
  const row = pitch << 3, other = swap ^ 16;
  for (let i: usize = 0; i < bytes; i += 32, src += row << 2) {
    let s = src, d = dst + i;
    for (const end = s + (padded(w) << 3); s < end; s += 16, d += bytes << 1) {
      transpose(s, s + row, s + 2 * row, s + 3 * row, d + swap, d + other, d + bytes + swap, d + bytes + other);
    }
  }
}

/** Scratch → interleaved rows. Elements up to a multiple of 4 are there, zero where they are beyond the width. */
export function storeInterleavedRows(src: usize, bytes: usize, dst: usize, pitch: usize, w: i32, swap: usize): void {
  const row = pitch << 3, other = swap ^ 16;
  for (let i: usize = 0; i < bytes; i += 32, dst += row << 2) {
    let d = dst, s = src + i;
    for (const end = d + (padded(w) << 3); d < end; d += 16, s += bytes << 1) {
      transpose(s + swap, s + other, s + bytes + swap, s + bytes + other, d, d + row, d + 2 * row, d + 3 * row);
    }
  }
}

/** Makes elements w … of scratch zero up to a multiple of 4, which storing rows reads. */
// @ts-ignore: decorator
@inline export function endRows(scratch: usize, bytes: usize, w: i32): void {
  memory.fill(scratch + <usize>w * bytes, 0, (padded(w) - <usize>w) * bytes);
}

/** Bytes of one half of the scratch in passes over columns. */
// @ts-ignore: decorator
@inline export function columnScratch(plan: usize): usize { return elements(plan) * columnBytes(plan); }
/** Bytes of one half of the scratch in passes over rows. */
// @ts-ignore: decorator
@inline export function rowScratch(plan: usize): usize { return (elements(plan) + 3) * rowBytes(plan); }

/** Where part `thread` of `count` things in blocks begins, in things. */
// @ts-ignore: decorator
@inline export function shareStart(count: usize, block: usize, thread: i32, threads: i32): usize {
  const blocks = (count + block - 1) / block;
  return min(count, ((blocks * <usize>thread) / <usize>threads) * block);
}

/** First half of a transform: this thread's columns of h × w, interleaved src → blocked dst, which may be src. */
export function fourierColumns(
  src: usize, dst: usize, pitch: usize, h: i32, w: i32, planH: usize, scratch: usize, inverse: bool,
  thread: i32, threads: i32,
): void {
  const block = columnBytes(planH), row = pitch << 3, end = padded(w) << 3;
  const second = scratch + columnScratch(planH);
  const factor = <f32>(1 / Math.sqrt(<f64>h * <f64>w));
  const to = shareStart(end, block, thread + 1, threads);
  for (let at = shareStart(end, block, thread, threads); at < to; at += block) {
    const bytes = min(block, end - at);
    loadColumns(src + at, pitch, h, scratch, bytes, inverse ? 16 : 0, factor);
    fft(planH, scratch, bytes, scratch, second, dst + at, row, bytes);
  }
}

/** Second half, when all columns are done: this thread's rows, blocked → interleaved, in place. */
export function fourierRows(
  dst: usize, pitch: usize, h: i32, w: i32, planW: usize, scratch: usize, inverse: bool, thread: i32, threads: i32,
): void {
  const block = rowBytes(planW), end = padded(h) << 3;
  const second = scratch + rowScratch(planW);
  const to = shareStart(end, block, thread + 1, threads);
  for (let at = shareStart(end, block, thread, threads); at < to; at += block) {
    const bytes = min(block, end - at), rows = dst + at * pitch;
    loadRows(rows, pitch, w, scratch, bytes);
    fft(planW, scratch, bytes, scratch, second, second, bytes, bytes);
    endRows(second, bytes, w);
    storeInterleavedRows(second, bytes, rows, pitch, w, inverse ? 16 : 0);
  }
}

/** Unitary transform of a plane, both origins at index 0; dst may be src. The inverse is the adjoint. */
export function fourier(
  src: usize, dst: usize, pitch: usize, h: i32, w: i32, planH: usize, planW: usize, scratch: usize, inverse: bool,
): void {
  fourierColumns(src, dst, pitch, h, w, planH, scratch, inverse, 0, 1);
  fourierRows(dst, pitch, h, w, planW, scratch, inverse, 0, 1);
}
