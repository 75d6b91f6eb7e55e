// Lengths that are no product of radices: with jk = [j² + k² − (k − j)²] / 2 a transform becomes a convolution with a
// chirp (Bluestein 1970), done by transforms along rows of a length that is. Tables are blocked; the chirp's is zero
// from the length up to a multiple of 4.
import { chirp, convolution, convolutionRows, inversePlan, kernel, length } from "./fftPlan";
import { directRows, scratchPitch, storeFour } from "./fftRows";
import { multiplyIm, multiplyRe, padded, turnElements, turnRows } from "./layout";

/** As `directRows`, in scratch for twice `convolutionRows`. */
export function bluesteinRows(
  plan: usize, src: usize, srcPitch: usize, dst: usize, dstPitch: usize, rows: i32, scratch: usize,
  interleaved: bool, factor: f32,
): void {
  const inner = convolution(plan), most = convolutionRows(plan);
  const pitch = scratchPitch(inner), other = scratch + <usize>most * pitch;
  const used = padded(length(plan)) << 3, all = <usize>length(inner) << 3;
  for (let y = 0; y < rows; y += most, src += <usize>most * srcPitch, dst += <usize>most * dstPitch) {
    const count = min(most, rows - y);
    for (let i = 0; i < count; i++) {
      const row = scratch + <usize>i * pitch;
      multiply(src + <usize>i * srcPitch, chirp(plan), row, used, 1, false);
      memory.fill(row + used, 0, all - used);
    }
    directRows(inner, scratch, pitch, other, pitch, count, scratch, false, 1);
    for (let i = 0; i < count; i++) {
      const row = other + <usize>i * pitch;
      multiply(row, kernel(plan), row, all, 1, false);
    }
    directRows(inversePlan(inner), other, pitch, scratch, pitch, count, other, false, 1);
    for (let i = 0; i < count; i++) {
      const from = scratch + <usize>i * pitch, to = dst + <usize>i * dstPitch;
      if (interleaved) multiply(from, chirp(plan), to, used, factor, true);
      else multiply(from, chirp(plan), to, used, factor, false);
    }
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
