// exp(−2πi (u s_y / h + v s_x / w)), frequencies in the detector's order.
import { highPairs, lowPairs, multiplyIm, multiplyRe } from "./layout";
import { FIRST, OPTIONS, framesOf, heightOf, modesOf, partStart, rowOf, widthOf } from "./record";

// @ts-ignore: decorator
@inline function angle(i: i32, n: i32, shift: f64): f64 {
  const frequency = i < (n + 1) >> 1 ? i : i - n;
  return (-2 * Math.PI * <f64>frequency * shift) / <f64>n;
}

/** Waves. Options: address of the shifts, bytes from frame to frame. A row's factors stand in scratch, blocked. */
export function ramps(record: usize, scratch: usize, thread: i32, threads: i32): void {
  const height = heightOf(record), width = widthOf(record), modes = modesOf(record), rows = framesOf(record) * height;
  const shifts = load<usize>(record, OPTIONS), stride = load<usize>(record, OPTIONS + 4);
  let known = -1;
  const to = partStart(rows, thread + 1, threads);
  for (let unit = partStart(rows, thread, threads); unit < to; unit++) {
    const frame = unit / height, y = unit % height, shift = shifts + <usize>frame * stride;
    if (known != frame) columnFactors(scratch, width, load<f64>(shift, 8));
    known = frame;
    const turn = angle(y, height, load<f64>(shift));
    const re = f32x4.splat(<f32>Math.cos(turn)), im = f32x4.splat(<f32>Math.sin(turn));
    for (let mode = 0; mode < modes; mode++) {
      let out = rowOf(record + FIRST, frame, mode, y), from = scratch;
      for (let x = 0; x < width; x += 4, out += 32, from += 32) {
        const columnRe = v128.load(from), columnIm = v128.load(from, 16);
        const outRe = multiplyRe(re, im, columnRe, columnIm), outIm = multiplyIm(re, im, columnRe, columnIm);
        v128.store(out, lowPairs(outRe, outIm));
        v128.store(out, highPairs(outRe, outIm), 16);
      }
    }
  }
}

/** Blocked; 0 beyond the width. */
function columnFactors(out: usize, width: i32, shift: f64): void {
  for (let x = 0; x < (width + 3 & ~3); x++) {
    const at = out + (<usize>(x >> 2) << 5) + (<usize>(x & 3) << 2), turn = angle(x, width, shift);
    store<f32>(at, x < width ? <f32>Math.cos(turn) : 0);
    store<f32>(at, x < width ? <f32>Math.sin(turn) : 0, 16);
  }
}
