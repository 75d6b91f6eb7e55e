// Between canvases and patches. A window, 24 bytes: row and column of its first pixel (i32), then how far between
// pixels it lies in both directions (f64, in [0, 1)).
import {
  FIRST, OPTIONS, SECOND, factorOf, framesOf, heightOf, modesOf, partStart, pitchOf, planeOf, rowOf, widthOf,
} from "./record";

// @ts-ignore: decorator
@inline export function windowAt(windows: usize, frame: i32): usize { return windows + <usize>frame * 24; }
// @ts-ignore: decorator
@inline export function topOf(window: usize): i32 { return load<i32>(window); }
// @ts-ignore: decorator
@inline export function leftOf(window: usize): i32 { return load<i32>(window, 4); }
// @ts-ignore: decorator
@inline export function downOf(window: usize): f64 { return load<f64>(window, 8); }
// @ts-ignore: decorator
@inline export function rightOf(window: usize): f64 { return load<f64>(window, 16); }

/** Patches, canvas. Options: windows, numbers a pixel. Each thread has rows of the patches. */
export function cut(record: usize, thread: i32, threads: i32): void {
  const height = heightOf(record), modes = modesOf(record), rows = framesOf(record) * modes * height;
  const windows = load<usize>(record, OPTIONS), parts = load<i32>(record, OPTIONS + 4), width = widthOf(record);
  const to = partStart(rows, thread + 1, threads);
  for (let unit = partStart(rows, thread, threads); unit < to; unit++) {
    const y = unit % height, plane = unit / height, mode = plane % modes, frame = plane / modes;
    const window = windowAt(windows, frame);
    cutRow(rowOf(record + FIRST, frame, mode, y), planeOf(record + SECOND, 0, mode), pitchOf(record + SECOND),
      window, y, width, parts);
  }
}

/** Row y of a patch. Pixels of weight 0 are not looked at: they may be beyond the canvas. */
export function cutRow(
  out: usize, canvas: usize, pitch: usize, window: usize, y: i32, width: i32, parts: i32 = 2,
): void {
  const down = downOf(window), right = rightOf(window), count = <usize>(width * parts), pixel = <usize>parts << 2;
  const from = canvas + <usize>(topOf(window) + y) * pitch + <usize>leftOf(window) * pixel;
  set(out, from, count, <f32>((1 - down) * (1 - right)));
  if (right != 0) add(out, from + pixel, count, <f32>((1 - down) * right));
  if (down != 0) add(out, from + pitch, count, <f32>(down * (1 - right)));
  if (down != 0 && right != 0) add(out, from + pitch + pixel, count, <f32>(down * right));
}

/**
 * Canvas, patches. Options: windows, numbers a pixel, a factor of all. Each thread has rows of the canvas, every
 * so-manieth, and goes over all frames in order.
 */
export function paste(record: usize, thread: i32, threads: i32): void {
  const windows = load<usize>(record, OPTIONS), parts = load<i32>(record, OPTIONS + 4);
  const frames = framesOf(record), modes = modesOf(record), height = heightOf(record), width = widthOf(record);
  const factor = factorOf(record + OPTIONS + 8, 0);
  for (let mode = 0; mode < modes; mode++) {
    const canvas = planeOf(record + FIRST, 0, mode);
    for (let frame = 0; frame < frames; frame++) {
      pastePlane(
        canvas, pitchOf(record + FIRST), planeOf(record + SECOND, frame, mode), pitchOf(record + SECOND),
        windowAt(windows, frame), height, width, parts, thread, threads, factor,
      );
    }
  }
}

/** This thread's rows of one patch. */
export function pastePlane(
  canvas: usize, pitch: usize, patch: usize, patchPitch: usize, window: usize, height: i32, width: i32, parts: i32,
  thread: i32, threads: i32, factor: f64 = 1,
): void {
  const top = topOf(window), down = downOf(window), right = rightOf(window);
  const count = <usize>(width * parts), pixel = <usize>parts << 2, column = <usize>leftOf(window) * pixel;
  const first = top + (thread + threads - (top % threads)) % threads, end = top + height + (down != 0 ? 1 : 0);
  for (let row = first; row < end; row += threads) {
    const out = canvas + <usize>row * pitch + column;
    for (let below = 0; below < 2; below++) {
      const y = row - top - below, weight = factor * (below == 0 ? 1 - down : down);
      if (y < 0 || y >= height || weight == 0) continue;
      const from = patch + <usize>y * patchPitch;
      add(out, from, count, <f32>(weight * (1 - right)));
      if (right != 0) add(out + pixel, from, count, <f32>(weight * right));
    }
  }
}

/** out = weight × from, count numbers, at any addresses. */
function set(out: usize, from: usize, count: usize, weight: f32): void {
  const factor = f32x4.splat(weight);
  const whole = out + ((count >> 2) << 4), end = out + (count << 2);
  for (; out < whole; out += 16, from += 16) v128.store(out, f32x4.mul(factor, v128.load(from)));
  for (; out < end; out += 4, from += 4) store<f32>(out, weight * load<f32>(from));
}

/** out += weight × from. */
function add(out: usize, from: usize, count: usize, weight: f32): void {
  const factor = f32x4.splat(weight);
  const whole = out + ((count >> 2) << 4), end = out + (count << 2);
  for (; out < whole; out += 16, from += 16) {
    v128.store(out, f32x4.add(v128.load(out), f32x4.mul(factor, v128.load(from))));
  }
  for (; out < end; out += 4, from += 4) store<f32>(out, load<f32>(out) + weight * load<f32>(from));
}
