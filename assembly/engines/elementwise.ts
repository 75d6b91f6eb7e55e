// Operations on each pixel of planes that may repeat and sum: product, power, scale, product of images and
// interference. Each thread has rows of the result. A sum is made apart, since a result may be an operand.
import { evens, highPairs, lowPairs, odds } from "./layout";
import {
  FIRST, OPTIONS, SECOND, THIRD, framesOf, heightOf, modesOf, ownFrames, ownModes, partStart, rowOf, widthOf,
} from "./record";

// @ts-ignore: decorator
@inline export const PRODUCT = 0;
// @ts-ignore: decorator
@inline export const PRODUCT_CONJUGATE = 1;
// @ts-ignore: decorator
@inline export const POWER = 2;
// @ts-ignore: decorator
@inline export const SCALE = 3;
// @ts-ignore: decorator
@inline export const MULTIPLY_IMAGES = 4;
// @ts-ignore: decorator
@inline export const INTERFERENCE = 5;

/** Options: which of the above, whether to add to what is there. */
export function elementwise(record: usize, scratch: usize, thread: i32, threads: i32): void {
  const kind = load<i32>(record, OPTIONS), add = load<i32>(record, OPTIONS + 4) != 0;
  const height = heightOf(record), modes = ownModes(record), rows = ownFrames(record) * modes * height;
  const vectors = <usize>((widthOf(record) + 3) >> 2);
  const isComplex = kind <= PRODUCT_CONJUGATE || kind == SCALE;
  const bytes = vectors << (isComplex ? 5 : 4);
  const frameTerms = framesOf(record) / ownFrames(record), modeTerms = modesOf(record) / modes;
  const to = partStart(rows, thread + 1, threads);
  for (let unit = partStart(rows, thread, threads); unit < to; unit++) {
    const y = unit % height, plane = unit / height, mode = plane % modes, frame = plane / modes;
    const out = rowOf(record + FIRST, frame, mode, y);
    if (frameTerms == 1 && modeTerms == 1) {
      row(kind, add, out, rowOf(record + SECOND, frame, mode, y), rowOf(record + THIRD, frame, mode, y), vectors);
      continue;
    }
    let more = add;
    if (add) memory.copy(scratch, out, bytes);
    for (let f = frame; f < frame + frameTerms; f++) {
      for (let m = mode; m < mode + modeTerms; m++) {
        row(kind, more, scratch, rowOf(record + SECOND, f, m, y), rowOf(record + THIRD, f, m, y), vectors);
        more = true;
      }
    }
    memory.copy(out, scratch, bytes);
  }
}

function row(kind: i32, add: bool, out: usize, a: usize, b: usize, vectors: usize): void {
  if (kind == PRODUCT) {
    if (add) product(out, a, b, vectors, false, true);
    else product(out, a, b, vectors, false, false);
  } else if (kind == PRODUCT_CONJUGATE) {
    if (add) product(out, a, b, vectors, true, true);
    else product(out, a, b, vectors, true, false);
  } else if (kind == POWER) {
    if (add) power(out, a, vectors, true);
    else power(out, a, vectors, false);
  } else if (kind == SCALE) {
    if (add) scale(out, a, b, vectors, true);
    else scale(out, a, b, vectors, false);
  } else if (kind == INTERFERENCE) {
    if (add) interference(out, a, b, vectors, true);
    else interference(out, a, b, vectors, false);
  } else {
    if (add) multiply(out, a, b, vectors, true);
    else multiply(out, a, b, vectors, false);
  }
}

// @ts-ignore: decorator
@inline function put(out: usize, value: v128, add: bool): void {
  v128.store(out, add ? f32x4.add(v128.load(out), value) : value);
}

// @ts-ignore: decorator
@inline function product(out: usize, a: usize, b: usize, vectors: usize, conjugate: bool, add: bool): void {
  for (const end = out + (vectors << 5); out < end; out += 32, a += 32, b += 32) {
    const a0 = v128.load(a), a1 = v128.load(a, 16), b0 = v128.load(b), b1 = v128.load(b, 16);
    const ar = evens(a0, a1), ai = odds(a0, a1), br = evens(b0, b1), bi = odds(b0, b1);
    const rr = f32x4.mul(ar, br), ii = f32x4.mul(ai, bi), ri = f32x4.mul(ar, bi), ir = f32x4.mul(ai, br);
    const re = conjugate ? f32x4.add(rr, ii) : f32x4.sub(rr, ii);
    const im = conjugate ? f32x4.sub(ri, ir) : f32x4.add(ri, ir);
    put(out, lowPairs(re, im), add);
    put(out + 16, highPairs(re, im), add);
  }
}

// @ts-ignore: decorator
@inline function power(out: usize, a: usize, vectors: usize, add: bool): void {
  for (const end = out + (vectors << 4); out < end; out += 16, a += 32) {
    const a0 = v128.load(a), a1 = v128.load(a, 16);
    const re = evens(a0, a1), im = odds(a0, a1);
    put(out, f32x4.add(f32x4.mul(re, re), f32x4.mul(im, im)), add);
  }
}

// @ts-ignore: decorator
@inline function interference(out: usize, a: usize, b: usize, vectors: usize, add: bool): void {
  for (const end = out + (vectors << 4); out < end; out += 16, a += 32, b += 32) {
    const low = f32x4.mul(v128.load(a), v128.load(b)), high = f32x4.mul(v128.load(a, 16), v128.load(b, 16));
    put(out, f32x4.add(evens(low, high), odds(low, high)), add);
  }
}

// @ts-ignore: decorator
@inline function scale(out: usize, a: usize, b: usize, vectors: usize, add: bool): void {
  for (const end = out + (vectors << 5); out < end; out += 32, a += 32, b += 16) {
    const image = v128.load(b);
    put(out, f32x4.mul(v128.load(a), lowPairs(image, image)), add);
    put(out + 16, f32x4.mul(v128.load(a, 16), highPairs(image, image)), add);
  }
}

// @ts-ignore: decorator
@inline function multiply(out: usize, a: usize, b: usize, vectors: usize, add: bool): void {
  for (const end = out + (vectors << 4); out < end; out += 16, a += 16, b += 16) {
    put(out, f32x4.mul(v128.load(a), v128.load(b)), add);
  }
}
