// The compound `pieStep`: frames one after the other, object and probe in place. All threads share each frame:
// columns, rows and columns again are divided among them.
import {
  MISFIT, MORE, MORE_FACTORS, PLAN_H, WORK_PITCH, WORK_STRIDE, blockScratch, columnBlock, compare, illuminate,
} from "./farField";
import { fft } from "./fft";
import { inversePlan } from "./fftPlan";
import { COLUMN_SHARE, shareStart } from "./fourier";
import { evens, highPairs, lowPairs, odds, padded } from "./layout";
import {
  FIRST, OPTIONS, SECOND, factorOf, firstLanes, framesOf, heightOf, modesOf, partStart, pitchOf, planeOf, rowOf,
  widthOf,
} from "./record";
import { VALUES, addPartials, laneMax, largestOf } from "./sums";
import { barrier, fetchRows } from "./threads";
import { cutRow, downOf, leftOf, pastePlane, rightOf, topOf, windowAt } from "./windows";

const WORK: usize = MORE;
/**
 * One patch and one direction, for windows between pixels: address and bytes from row to row of the first, address of
 * the second.
 */
const PATCH: usize = MORE + 4, ROOM_PITCH: usize = MORE + 8, DIRECTION: usize = MORE + 12;
/** Largest |O|² and Σ|P|² that each thread has seen, float64. */
const MOST_SHADE: usize = MORE + 16, MOST_LIGHT: usize = MORE + 20;
const ALPHA: usize = MORE_FACTORS, OBJECT_STEP: usize = MORE_FACTORS + 8, PROBE_STEP: usize = MORE_FACTORS + 16;

/**
 * Pixels of all modes of a frame from which on sharing it is faster than handing parts of it from one thread to the other is
 * slow. One mode of 128² takes as long on two threads as on one, three take 0.9 of it, one of 256² 0.7.
 */
const WORTH_SHARING: i32 = 192 * 192;

/** Object, probe, measured. Options: those in common, then the above. */
export function pieStep(record: usize, scratch: usize, partials: usize, thread: i32, threads: i32): void {
  if (heightOf(record) * widthOf(record) * modesOf(record) >= WORTH_SHARING) framesInOrder(record, scratch, partials, thread, threads);
  else if (thread == 0) framesInOrder(record, scratch, partials, 0, 1);
}

function framesInOrder(record: usize, scratch: usize, partials: usize, thread: i32, threads: i32): void {
  const frames = framesOf(record), work = load<usize>(record, WORK);
  const shades = load<usize>(record, MOST_SHADE), lights = load<usize>(record, MOST_LIGHT), own = <usize>thread << 3;
  const canvas = load<usize>(record, FIRST), pitch = pitchOf(record + FIRST);
  store<f64>(lights + own, laneMax(mostLight(record, thread, threads)));
  if (threads > 1) barrier();
  for (let frame = 0; frame < frames; frame++) {
    const window = windowAt(load<usize>(record, OPTIONS), frame), between = downOf(window) != 0 || rightOf(window) != 0;
    const light = largestOf(lights, threads);
    let patch = canvas + <usize>topOf(window) * pitch + (<usize>leftOf(window) << 3), patchPitch = pitch;
    if (between) {
      patch = load<usize>(record, PATCH);
      patchPitch = load<usize>(record, ROOM_PITCH);
      cutPatch(record, window, thread, threads);
      if (threads > 1) barrier();
    }
    store<f64>(shades + own, laneMax(illuminate(record, 0, patch, patchPitch, work, scratch, thread, threads)));
    if (threads > 1) barrier();
    compare(record, frame, work, scratch, partials, thread, threads);
    if (threads > 1) barrier();
    const misfit = load<usize>(record, MISFIT) + (<usize>(frame * VALUES) << 3), shade = largestOf(shades, threads);
    if (thread == 0) addPartials(partials, 1, heightOf(record), VALUES, misfit);
    const most = update(record, patch, patchPitch, between, light, shade, scratch, thread, threads);
    store<f64>(lights + own, laneMax(most));
    if (threads > 1) barrier();
    if (between) {
      pastePlane(
        canvas, pitch, load<usize>(record, DIRECTION), load<usize>(record, ROOM_PITCH), window, heightOf(record),
        widthOf(record), 2, thread, threads,
      );
      if (threads > 1) barrier();
    }
  }
}

function cutPatch(record: usize, window: usize, thread: i32, threads: i32): void {
  const height = heightOf(record), pitch = load<usize>(record, ROOM_PITCH), to = partStart(height, thread + 1, threads);
  for (let y = partStart(height, thread, threads); y < to; y++) {
    cutRow(load<usize>(record, PATCH) + <usize>y * pitch, load<usize>(record, FIRST), pitchOf(record + FIRST),
      window, y, widthOf(record));
  }
}

/** The largest Σ|P|² of this thread's rows. */
function mostLight(record: usize, thread: i32, threads: i32): v128 {
  const height = heightOf(record), width = widthOf(record), modes = modesOf(record);
  const to = partStart(height, thread + 1, threads);
  let most = f32x4.splat(0);
  for (let y = partStart(height, thread, threads); y < to; y++) {
    for (let x = 0; x < width; x += 4) {
      let light = f32x4.splat(0);
      for (let mode = 0; mode < modes; mode++) {
        const at = rowOf(record + SECOND, 0, mode, y) + (<usize>x << 3), p0 = v128.load(at), p1 = v128.load(at, 16);
        light = f32x4.add(light, powerOf(evens(p0, p1), odds(p0, p1)));
      }
      most = f32x4.pmax(most, light);
    }
  }
  return most;
}

// @ts-ignore: decorator
@inline function powerOf(re: v128, im: v128): v128 { return f32x4.add(f32x4.mul(re, re), f32x4.mul(im, im)); }

/** length / ((1 − α) weight + floor); 0 where that is 0. */
// @ts-ignore: decorator
@inline function quotient(length: v128, rest: v128, weight: v128, floor: v128): v128 {
  const below = f32x4.add(f32x4.mul(rest, weight), floor);
  return v128.and(f32x4.gt(below, f32x4.splat(0)), f32x4.div(length, below));
}

/**
 * Third pass: this thread's columns back, and with what they change by
 *   O += a_O Σ_m P_m* χ_m / ((1 − α) Σ_m |P_m|² + α most),  P_m += a_P O* χ_m / ((1 − α) |O|² + α most),
 * both with the values from before. Between pixels O is a copy, and its change is left in a plane. Returns the largest
 * Σ|P|² after.
 */
function update(
  record: usize, patch: usize, patchPitch: usize, between: bool, mostLight: f64, mostShade: f64, scratch: usize,
  thread: i32, threads: i32,
): v128 {
  const planH = inversePlan(load<usize>(record, PLAN_H)), work = load<usize>(record, WORK);
  const workPitch = load<usize>(record, WORK_PITCH), stride = load<usize>(record, WORK_STRIDE);
  const height = heightOf(record), width = widthOf(record), modes = modesOf(record);
  const alpha = factorOf(record + ALPHA, 0), rest = f32x4.splat(<f32>(1 - alpha));
  const lightFloor = f32x4.splat(<f32>(alpha * mostLight)), shadeFloor = f32x4.splat(<f32>(alpha * mostShade));
  const objectStep = f32x4.splat(<f32>factorOf(record + OBJECT_STEP, 0));
  const probeStep = f32x4.splat(<f32>factorOf(record + PROBE_STEP, 0));
  const block = columnBlock(planH), end = padded(width) << 3, half = blockScratch(planH);
  const probePitch = pitchOf(record + SECOND), probeStride = load<usize>(record + SECOND, 8);
  const out = between ? load<usize>(record, DIRECTION) : patch;
  let most = f32x4.splat(0);
  const to = shareStart(end, COLUMN_SHARE, thread + 1, threads);
  for (let at = shareStart(end, COLUMN_SHARE, thread, threads); at < to; at += block) {
    const bytes = min(block, to - at);
    for (let mode = 0; mode < modes; mode++) {
      const change = scratch + <usize>(mode + 1) * half, columns = work + <usize>mode * stride + at;
      if (threads > 1) fetchRows(columns, workPitch, height, bytes);
      fft(planH, columns, workPitch, scratch, change, change, bytes, bytes);
    }
    const columns = width - <i32>(at >> 3), probe = planeOf(record + SECOND, 0, 0) + at, changes = scratch + half;
    let here: v128;
    if (modes == 1 && alpha == 1) {
      here = updateBlock(
        true, true, patch + at, out + at, patchPitch, between, probe, probePitch, probeStride, modes, changes,
        half, height, bytes, columns, objectStep, probeStep, rest, lightFloor, shadeFloor,
      );
    } else if (modes == 1) {
      here = updateBlock(
        true, false, patch + at, out + at, patchPitch, between, probe, probePitch, probeStride, modes, changes,
        half, height, bytes, columns, objectStep, probeStep, rest, lightFloor, shadeFloor,
      );
    } else if (alpha == 1) {
      here = updateBlock(
        false, true, patch + at, out + at, patchPitch, between, probe, probePitch, probeStride, modes, changes,
        half, height, bytes, columns, objectStep, probeStep, rest, lightFloor, shadeFloor,
      );
    } else {
      here = updateBlock(
        false, false, patch + at, out + at, patchPitch, between, probe, probePitch, probeStride, modes, changes,
        half, height, bytes, columns, objectStep, probeStep, rest, lightFloor, shadeFloor,
      );
    }
    most = f32x4.pmax(most, here);
  }
  return most;
}

/**
 * `single` and `uniform`: one mode, and α = 1. Loops over modes, and quotients, cost a third where they are not
 * needed.
 */
// @ts-ignore: decorator
@inline function updateBlock(
  single: bool, uniform: bool, patch: usize, out: usize, pitch: usize, between: bool, probe: usize,
  probePitch: usize, probeStride: usize,
  modes: i32, changes: usize, half: usize, height: i32, bytes: usize, columns: i32, objectStep: v128, probeStep: v128,
  rest: v128, lightFloor: v128, shadeFloor: v128,
): v128 {
  const zero = f32x4.splat(0), whole = <usize>(columns >> 2) << 5, probesEnd = <usize>modes * probeStride;
  const objectScale = quotient(objectStep, rest, zero, lightFloor);
  const probeScale = quotient(probeStep, rest, zero, shadeFloor);
  let most = zero;
  for (let y = 0; y < height; y++, patch += pitch, out += pitch, probe += probePitch, changes += bytes) {
    for (let i: usize = 0; i < bytes; i += 32) {
      const o0 = v128.load(patch + i), o1 = v128.load(patch + i, 16), or = evens(o0, o1), oi = odds(o0, o1);
      const toProbe = uniform ? probeScale : quotient(probeStep, rest, powerOf(or, oi), shadeFloor);
      let re = zero, im = zero, before = zero, after = zero;
      let c = changes + i;
      for (let p: usize = 0; single ? p == 0 : p < probesEnd; p += single ? 1 : probeStride, c += half) {
        const at = probe + p + i, p0 = v128.load(at), p1 = v128.load(at, 16), pr = evens(p0, p1), pi = odds(p0, p1);
        const cr = v128.load(c), ci = v128.load(c, 16);
        re = f32x4.add(re, f32x4.add(f32x4.mul(pr, cr), f32x4.mul(pi, ci)));
        im = f32x4.add(im, f32x4.sub(f32x4.mul(pr, ci), f32x4.mul(pi, cr)));
        if (!uniform) before = f32x4.add(before, powerOf(pr, pi));
        const nr = f32x4.add(pr, f32x4.mul(toProbe, f32x4.add(f32x4.mul(or, cr), f32x4.mul(oi, ci))));
        const ni = f32x4.add(pi, f32x4.mul(toProbe, f32x4.sub(f32x4.mul(or, ci), f32x4.mul(oi, cr))));
        v128.store(at, lowPairs(nr, ni));
        v128.store(at, highPairs(nr, ni), 16);
        after = f32x4.add(after, powerOf(nr, ni));
      }
      most = f32x4.pmax(most, after);
      const toObject = uniform ? objectScale : quotient(objectStep, rest, before, lightFloor);
      re = f32x4.mul(toObject, re);
      im = f32x4.mul(toObject, im);
      if (!between) {
        re = f32x4.add(or, re);
        im = f32x4.add(oi, im);
      }
      const low = lowPairs(re, im), high = highPairs(re, im);
      if (i < whole) {
        v128.store(out + i, low);
        v128.store(out + i, high, 16);
      } else storeFirst(out + i, low, high, columns & 3);
    }
  }
  return most;
}

/** Up to three complex numbers: what follows may be another thread's. */
function storeFirst(out: usize, low: v128, high: v128, count: i32): void {
  if (count > 0) v128.store64_lane(out, low, 0);
  if (count > 1) v128.store64_lane(out, low, 1, 8);
  if (count > 2) v128.store64_lane(out, high, 0, 16);
}
