// Operations with factors of frames: sums of multiples, division by weights, constants.
import { highPairs, lowPairs } from "./layout";
import {
  FIRST, OPTIONS, SECOND, THIRD, factorOf, firstLanes, framesOf, heightOf, modesOf, partStart, rowOf, widthOf,
} from "./record";

/** Options: numbers a pixel (1 or 2), α, β. */
export function combine(record: usize, thread: i32, threads: i32): void {
  const height = heightOf(record), modes = modesOf(record), rows = framesOf(record) * modes * height;
  const bytes = <usize>(((widthOf(record) + 3) >> 2) * load<i32>(record, OPTIONS)) << 4;
  const to = partStart(rows, thread + 1, threads);
  for (let unit = partStart(rows, thread, threads); unit < to; unit++) {
    const y = unit % height, plane = unit / height, mode = plane % modes, frame = plane / modes;
    const alpha = f32x4.splat(<f32>factorOf(record + OPTIONS + 4, frame));
    const beta = f32x4.splat(<f32>factorOf(record + OPTIONS + 12, frame));
    let out = rowOf(record + FIRST, frame, mode, y);
    let a = rowOf(record + SECOND, frame, mode, y), b = rowOf(record + THIRD, frame, mode, y);
    for (const end = out + bytes; out < end; out += 16, a += 16, b += 16) {
      v128.store(out, f32x4.add(f32x4.mul(alpha, v128.load(a)), f32x4.mul(beta, v128.load(b))));
    }
  }
}

/** Options: whether the denominator is a quadrature, whether to add, α, `most`, step. */
export function divide(record: usize, thread: i32, threads: i32): void {
  const height = heightOf(record), modes = modesOf(record), rows = framesOf(record) * modes * height;
  const quadrature = load<i32>(record, OPTIONS) != 0, add = load<i32>(record, OPTIONS + 4) != 0;
  const vectors = <usize>((widthOf(record) + 3) >> 2), zero = f32x4.splat(0), one = f32x4.splat(1);
  const to = partStart(rows, thread + 1, threads);
  for (let unit = partStart(rows, thread, threads); unit < to; unit++) {
    const y = unit % height, plane = unit / height, mode = plane % modes, frame = plane / modes;
    const alpha = factorOf(record + OPTIONS + 8, frame);
    const floor = f32x4.splat(<f32>(alpha * factorOf(record + OPTIONS + 16, frame)));
    const rest = f32x4.splat(<f32>(1 - alpha)), step = f32x4.splat(<f32>factorOf(record + OPTIONS + 24, frame));
    let out = rowOf(record + FIRST, frame, mode, y);
    let from = rowOf(record + SECOND, frame, mode, y), light = rowOf(record + THIRD, frame, mode, y);
    for (const end = out + (vectors << 5); out < end; out += 32, from += 32, light += 16) {
      const weight = v128.load(light);
      let below: v128;
      if (quadrature) {
        // Squares of small numbers would vanish: the smaller in units of the larger.
        const most = f32x4.max(f32x4.abs(weight), f32x4.abs(floor));
        const least = f32x4.min(f32x4.abs(weight), f32x4.abs(floor));
        const ratio = v128.and(f32x4.gt(most, zero), f32x4.div(least, most));
        below = f32x4.mul(most, f32x4.sqrt(f32x4.add(one, f32x4.mul(ratio, ratio))));
      } else below = f32x4.add(f32x4.mul(rest, weight), floor);
      const ratio = v128.and(f32x4.gt(below, zero), f32x4.div(step, below));
      let low = f32x4.mul(v128.load(from), lowPairs(ratio, ratio));
      let high = f32x4.mul(v128.load(from, 16), highPairs(ratio, ratio));
      if (add) {
        low = f32x4.add(v128.load(out), low);
        high = f32x4.add(v128.load(out, 16), high);
      }
      v128.store(out, low);
      v128.store(out, high, 16);
    }
  }
}

/** Options: what is added below. What is beyond the width stays zero. */
export function reciprocal(record: usize, thread: i32, threads: i32): void {
  const height = heightOf(record), modes = modesOf(record), rows = framesOf(record) * modes * height;
  const width = widthOf(record), dark = f32x4.splat(<f32>factorOf(record + OPTIONS, 0)), one = f32x4.splat(1);
  const to = partStart(rows, thread + 1, threads);
  for (let unit = partStart(rows, thread, threads); unit < to; unit++) {
    const y = unit % height, plane = unit / height, mode = plane % modes, frame = plane / modes;
    let out = rowOf(record + FIRST, frame, mode, y), from = rowOf(record + SECOND, frame, mode, y);
    for (let x = 0; x < width; x += 4, out += 16, from += 16) {
      v128.store(out, v128.and(f32x4.div(one, f32x4.add(v128.load(from), dark)), firstLanes(width - x)));
    }
  }
}

/** Options: numbers a pixel, value. What is beyond the width stays zero. */
export function fill(record: usize, thread: i32, threads: i32): void {
  const height = heightOf(record), modes = modesOf(record), rows = framesOf(record) * modes * height;
  const parts = <usize>load<i32>(record, OPTIONS), bytes = <usize>widthOf(record) * parts << 2;
  const value = <f32>factorOf(record + OPTIONS + 4, 0);
  const to = partStart(rows, thread + 1, threads);
  for (let unit = partStart(rows, thread, threads); unit < to; unit++) {
    const plane = unit / height;
    let out = rowOf(record + FIRST, plane / modes, plane % modes, unit % height);
    for (const end = out + bytes; out < end; out += parts << 2) {
      store<f32>(out, value);
      if (parts == 2) store<f32>(out, 0, 4);
    }
  }
}

/** Words 2 to 5: address, count of float64, value as a factor. */
export function fillNumbers(record: usize, thread: i32): void {
  if (thread != 0) return;
  const value = factorOf(record + 16, 0);
  let at = load<usize>(record, 8);
  for (const end = at + (load<usize>(record, 12) << 3); at < end; at += 8) store<f64>(at, value);
}

/** Words 2 and 3: address, count of 16 bytes. */
export function zero(record: usize, thread: i32, threads: i32): void {
  const count = load<i32>(record, 12);
  const from = partStart(count, thread, threads), to = partStart(count, thread + 1, threads);
  memory.fill(load<usize>(record, 8) + (<usize>from << 4), 0, <usize>(to - from) << 4);
}
