// The first and the last pass of a convolution whose numbers fill half of the circle at most: passes of radix 4 along
// rows, as rowPass4 and rowPassBack4 of butterflies.ts, that neither read zeros nor write what nobody asks for.
import { multiplyIm, multiplyRe } from "./layout";

/** Parts 2 and 3 are taken to be zero, whatever is there. */
export function firstHalfPass(row: usize, pitch: usize, length: i32, twiddles: usize, rows: i32): void {
  const part = <usize>length << 1;
  for (let k: usize = 0; k < part; k += 32, twiddles += 96) {
    const w1r = v128.load(twiddles), w1i = v128.load(twiddles, 16);
    const w2r = v128.load(twiddles, 32), w2i = v128.load(twiddles, 48);
    const w3r = v128.load(twiddles, 64), w3i = v128.load(twiddles, 80);
    let s0 = row + k;
    for (const end = s0 + <usize>rows * pitch; s0 < end; s0 += pitch) {
      const s1 = s0 + part, s2 = s1 + part, s3 = s2 + part;
      const ar = v128.load(s0), ai = v128.load(s0, 16), br = v128.load(s1), bi = v128.load(s1, 16);
      v128.store(s0, f32x4.add(ar, br));
      v128.store(s0, f32x4.add(ai, bi), 16);
      const y1r = f32x4.add(ar, bi), y1i = f32x4.sub(ai, br);
      v128.store(s1, multiplyRe(y1r, y1i, w1r, w1i));
      v128.store(s1, multiplyIm(y1r, y1i, w1r, w1i), 16);
      const y2r = f32x4.sub(ar, br), y2i = f32x4.sub(ai, bi);
      v128.store(s2, multiplyRe(y2r, y2i, w2r, w2i));
      v128.store(s2, multiplyIm(y2r, y2i, w2r, w2i), 16);
      const y3r = f32x4.sub(ar, bi), y3i = f32x4.add(ai, br);
      v128.store(s3, multiplyRe(y3r, y3i, w3r, w3i));
      v128.store(s3, multiplyIm(y3r, y3i, w3r, w3i), 16);
    }
  }
}

/** Only parts 0 and 1 are written. */
export function lastHalfPass(row: usize, pitch: usize, length: i32, twiddles: usize, rows: i32): void {
  const part = <usize>length << 1;
  for (let k: usize = 0; k < part; k += 32, twiddles += 96) {
    const w1r = v128.load(twiddles), w1i = v128.load(twiddles, 16);
    const w2r = v128.load(twiddles, 32), w2i = v128.load(twiddles, 48);
    const w3r = v128.load(twiddles, 64), w3i = v128.load(twiddles, 80);
    let s0 = row + k;
    for (const end = s0 + <usize>rows * pitch; s0 < end; s0 += pitch) {
      const s1 = s0 + part, s2 = s1 + part, s3 = s2 + part;
      const x0r = v128.load(s0), x0i = v128.load(s0, 16);
      const z2r = v128.load(s2), z2i = v128.load(s2, 16);
      const x2r = multiplyRe(z2r, z2i, w2r, w2i), x2i = multiplyIm(z2r, z2i, w2r, w2i);
      const z1r = v128.load(s1), z1i = v128.load(s1, 16);
      const x1r = multiplyRe(z1r, z1i, w1r, w1i), x1i = multiplyIm(z1r, z1i, w1r, w1i);
      const z3r = v128.load(s3), z3i = v128.load(s3, 16);
      const x3r = multiplyRe(z3r, z3i, w3r, w3i), x3i = multiplyIm(z3r, z3i, w3r, w3i);
      v128.store(s0, f32x4.add(f32x4.add(x0r, x2r), f32x4.add(x1r, x3r)));
      v128.store(s0, f32x4.add(f32x4.add(x0i, x2i), f32x4.add(x1i, x3i)), 16);
      v128.store(s1, f32x4.sub(f32x4.sub(x0r, x2r), f32x4.sub(x1i, x3i)));
      v128.store(s1, f32x4.add(f32x4.sub(x0i, x2i), f32x4.sub(x1r, x3r)), 16);
    }
  }
}
