// Passes of a prime radix that has no code of its own: the sums of generateFft.mjs's odd butterflies, in loops.

/** As `pass` of butterflies.ts; `spare` has room for `radix` elements of 32 bytes. */
export function primePass(
  radix: i32, src: usize, srcStride: usize, dst: usize, dstStride: usize, n: i32, length: i32, reversed: bool,
  twiddles: usize, bytes: usize, angles: usize, spare: usize,
): void {
  const part = <usize>(length / radix), srcPart = part * srcStride, dstPart = part * dstStride;
  const srcLength = <usize>length * srcStride, dstLength = <usize>length * dstStride;
  const srcEnd = src + <usize>n * srcStride;
  for (let k: usize = 0; k < part; k++, twiddles += <usize>(radix - 1) << 3) {
    let s = src + k * srcStride, d = dst + k * dstStride;
    for (; s < srcEnd; s += srcLength, d += dstLength) {
      for (let i: usize = 0; i < bytes; i += 32) {
        butterfly(radix, s + i, srcPart, d + i, dstPart, reversed, angles, spare, twiddles);
      }
    }
  }
}

/** As `last` of butterflies.ts. */
export function primeLast(
  radix: i32, src: usize, srcStride: usize, dst: usize, dstStride: usize, n: i32, reversed: bool, order: usize,
  bytes: usize, angles: usize, spare: usize,
): void {
  const part = <usize>(n / radix), dstPart = part * dstStride;
  for (const end = order + (part << 2); order < end; order += 4, src += <usize>radix * srcStride) {
    const d = dst + <usize>load<i32>(order) * dstStride;
    for (let i: usize = 0; i < bytes; i += 32) {
      butterfly(radix, src + i, srcStride, d + i, dstPart, reversed, angles, spare, 0);
    }
  }
}

/** Angles: for each result k up to half the radix and each pair j, cosine and sine of 2π jk / radix. */
function butterfly(
  radix: i32, src: usize, srcPart: usize, dst: usize, dstPart: usize, reversed: bool, angles: usize, spare: usize,
  twiddles: usize,
): void {
  const pairs = (radix - 1) >> 1, whole = <usize>radix * dstPart;
  const xr = v128.load(src), xi = v128.load(src, 16);
  let yr = xr, yi = xi;
  const spareEnd = spare + (<usize>pairs << 6);
  let up = src + srcPart, down = src + <usize>(radix - 1) * srcPart;
  for (let at = spare; at < spareEnd; at += 64, up += srcPart, down -= srcPart) {
    const ar = v128.load(up), ai = v128.load(up, 16), br = v128.load(down), bi = v128.load(down, 16);
    const sr = f32x4.add(ar, br), si = f32x4.add(ai, bi);
    v128.store(at, sr);
    v128.store(at, si, 16);
    v128.store(at, f32x4.sub(ar, br), 32);
    v128.store(at, f32x4.sub(ai, bi), 48);
    yr = f32x4.add(yr, sr);
    yi = f32x4.add(yi, si);
  }
  v128.store(dst, yr);
  v128.store(dst, yi, 16);
  for (let k = 1; k <= pairs; k++) {
    let tr = xr, ti = xi, ur = f32x4.splat(0), ui = f32x4.splat(0);
    for (let at = spare; at < spareEnd; at += 64, angles += 8) {
      const c = v128.load32_splat(angles), s = v128.load32_splat(angles, 4);
      tr = f32x4.add(tr, f32x4.mul(v128.load(at), c));
      ti = f32x4.add(ti, f32x4.mul(v128.load(at, 16), c));
      ur = f32x4.add(ur, f32x4.mul(v128.load(at, 32), s));
      ui = f32x4.add(ui, f32x4.mul(v128.load(at, 48), s));
    }
    const forward = <usize>k * dstPart, backward = whole - forward;
    keep(dst + (reversed ? backward : forward), f32x4.add(tr, ui), f32x4.sub(ti, ur), twiddles, k);
    keep(dst + (reversed ? forward : backward), f32x4.sub(tr, ui), f32x4.add(ti, ur), twiddles, radix - k);
  }
}

// @ts-ignore: decorator
@inline function keep(dst: usize, re: v128, im: v128, twiddles: usize, j: i32): void {
  if (twiddles != 0) {
    const w = twiddles + (<usize>(j - 1) << 3), wr = v128.load32_splat(w), wi = v128.load32_splat(w, 4);
    v128.store(dst, f32x4.sub(f32x4.mul(re, wr), f32x4.mul(im, wi)));
    v128.store(dst, f32x4.add(f32x4.mul(re, wi), f32x4.mul(im, wr)), 16);
  } else {
    v128.store(dst, re);
    v128.store(dst, im, 16);
  }
}
