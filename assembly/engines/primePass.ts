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

/** Angles: for each two results k up to half the radix, cosines of 2π jk / radix for each pair j, then sines. */
function butterfly(
  radix: i32, src: usize, srcPart: usize, dst: usize, dstPart: usize, reversed: bool, angles: usize, spare: usize,
  twiddles: usize,
): void {
  const pairs = (radix - 1) >> 1;
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
  v128.store(spareEnd, xr);
  v128.store(spareEnd, xi, 16);
  v128.store(dst, yr);
  v128.store(dst, yi, 16);
  // Two results at a time, so that sums and differences are loaded half as often.
  for (let k = 1; k <= pairs; k += 2) {
    let tr = v128.load(spareEnd), ti = v128.load(spareEnd, 16), vr = tr, vi = ti;
    for (let at = spare; at < spareEnd; at += 64, angles += 8) {
      const sr = v128.load(at), si = v128.load(at, 16), c = v128.load32_splat(angles), d = v128.load32_splat(angles, 4);
      tr = f32x4.add(tr, f32x4.mul(sr, c));
      ti = f32x4.add(ti, f32x4.mul(si, c));
      vr = f32x4.add(vr, f32x4.mul(sr, d));
      vi = f32x4.add(vi, f32x4.mul(si, d));
    }
    let ur = f32x4.splat(0), ui = ur, wr = ur, wi = ur;
    for (let at = spare; at < spareEnd; at += 64, angles += 8) {
      const dr = v128.load(at, 32), di = v128.load(at, 48), c = v128.load32_splat(angles), d = v128.load32_splat(angles, 4);
      ur = f32x4.add(ur, f32x4.mul(dr, c));
      ui = f32x4.add(ui, f32x4.mul(di, c));
      wr = f32x4.add(wr, f32x4.mul(dr, d));
      wi = f32x4.add(wi, f32x4.mul(di, d));
    }
    keepPair(k, radix, dst, dstPart, reversed, twiddles, tr, ti, ur, ui);
    if (k < pairs) keepPair(k + 1, radix, dst, dstPart, reversed, twiddles, vr, vi, wr, wi);
  }
}

/** Results k and radix − k, t ∓ i u. */
// @ts-ignore: decorator
@inline function keepPair(
  k: i32, radix: i32, dst: usize, dstPart: usize, reversed: bool, twiddles: usize,
  tr: v128, ti: v128, ur: v128, ui: v128,
): void {
  const forward = dst + <usize>k * dstPart, backward = dst + <usize>(radix - k) * dstPart;
  keep(reversed ? backward : forward, f32x4.add(tr, ui), f32x4.sub(ti, ur), twiddles, k);
  keep(reversed ? forward : backward, f32x4.sub(tr, ui), f32x4.add(ti, ur), twiddles, radix - k);
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
