// Sums over planes: of every plane, groups of rows, each a unit that one thread sums, in float64 from row to row;
// then all units in order. So the sum does not depend on the number of threads.
import { evens, odds } from "./layout";
import { OPTIONS, FIRST, SECOND, firstLanes, framesOf, heightOf, modesOf, partStart, rowOf, widthOf } from "./record";
import { barrier } from "./threads";

/** Groups of rows a plane, and numbers a group in the table of partial sums. */
// @ts-ignore: decorator
@inline export const GROUPS = 8;
// @ts-ignore: decorator
@inline export const VALUES = 4;

// @ts-ignore: decorator
@inline const DOT = 0;
// @ts-ignore: decorator
@inline const SUM = 1;
// @ts-ignore: decorator
@inline const SUM_PRODUCT = 2;

/** Vectors that are summed in float32 before float64 takes over. */
const RUN: i32 = 32;

// @ts-ignore: decorator
@inline export function laneSum(v: v128): f64 {
  return (
    <f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1) +
    <f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3)
  );
}

/** Planes a and b. Options: which of the above, address of the results, numbers a frame. */
export function sums(record: usize, partials: usize, thread: i32, threads: i32): void {
  const kind = load<i32>(record, OPTIONS), height = heightOf(record), modes = modesOf(record), width = widthOf(record);
  const units = framesOf(record) * modes * GROUPS;
  const to = partStart(units, thread + 1, threads);
  for (let unit = partStart(units, thread, threads); unit < to; unit++) {
    const group = unit % GROUPS, plane = unit / GROUPS, mode = plane % modes, frame = plane / modes;
    const slot = partials + (<usize>(unit * VALUES) << 3);
    store<f64>(slot, 0);
    store<f64>(slot, 0, 8);
    const end = partStart(height, group + 1, GROUPS);
    for (let y = partStart(height, group, GROUPS); y < end; y++) {
      const a = rowOf(record + FIRST, frame, mode, y), b = rowOf(record + SECOND, frame, mode, y);
      if (kind == DOT) dotRow(a, b, width, slot);
      else if (kind == SUM) sumRow(a, b, width, slot, false);
      else sumRow(a, b, width, slot, true);
    }
  }
  barrier();
  const out = load<usize>(record, OPTIONS + 4), each = load<i32>(record, OPTIONS + 8);
  if (thread == 0) addPartials(partials, framesOf(record), modes * GROUPS, each, out);
}

/** out[frame] = Σ of its units. */
export function addPartials(partials: usize, frames: i32, units: i32, each: i32, out: usize): void {
  for (let frame = 0; frame < frames; frame++) {
    for (let k = 0; k < each; k++, out += 8) {
      let sum: f64 = 0, at = partials + (<usize>(frame * units * VALUES + k) << 3);
      for (let unit = 0; unit < units; unit++, at += VALUES << 3) sum += load<f64>(at);
      store<f64>(out, sum);
    }
  }
}

function dotRow(a: usize, b: usize, width: i32, slot: usize): void {
  let re = load<f64>(slot), im = load<f64>(slot, 8);
  for (let x = 0; x < width; ) {
    const end = min(width, x + 4 * RUN);
    let sumRe = f32x4.splat(0), sumIm = f32x4.splat(0);
    for (; x < end; x += 4, a += 32, b += 32) {
      const a0 = v128.load(a), a1 = v128.load(a, 16), b0 = v128.load(b), b1 = v128.load(b, 16);
      const ar = evens(a0, a1), ai = odds(a0, a1), br = evens(b0, b1), bi = odds(b0, b1);
      let termRe = f32x4.add(f32x4.mul(ar, br), f32x4.mul(ai, bi));
      let termIm = f32x4.sub(f32x4.mul(ar, bi), f32x4.mul(ai, br));
      if (x + 4 > width) {
        termRe = v128.and(termRe, firstLanes(width - x));
        termIm = v128.and(termIm, firstLanes(width - x));
      }
      sumRe = f32x4.add(sumRe, termRe);
      sumIm = f32x4.add(sumIm, termIm);
    }
    re += laneSum(sumRe);
    im += laneSum(sumIm);
  }
  store<f64>(slot, re);
  store<f64>(slot, im, 8);
}

// @ts-ignore: decorator
@inline function sumRow(a: usize, b: usize, width: i32, slot: usize, isProduct: bool): void {
  let total = load<f64>(slot);
  for (let x = 0; x < width; ) {
    const end = min(width, x + 4 * RUN);
    let sum = f32x4.splat(0);
    for (; x < end; x += 4, a += 16, b += 16) {
      let term = v128.load(a);
      if (isProduct) term = f32x4.mul(term, v128.load(b));
      if (x + 4 > width) term = v128.and(term, firstLanes(width - x));
      sum = f32x4.add(sum, term);
    }
    total += laneSum(sum);
  }
  store<f64>(slot, total);
}

/** Planes. Options: address of the result. NaN is the largest. */
export function largest(record: usize, partials: usize, thread: i32, threads: i32): void {
  const height = heightOf(record), modes = modesOf(record), width = widthOf(record);
  const rows = framesOf(record) * modes * height, least = f32x4.splat(-Infinity);
  // The maximum that keeps NaN takes four times as long as one that does not, and a look at each.
  let most = least, strange = f32x4.splat(0);
  const to = partStart(rows, thread + 1, threads);
  for (let unit = partStart(rows, thread, threads); unit < to; unit++) {
    const plane = unit / height;
    let a = rowOf(record + FIRST, plane / modes, plane % modes, unit % height);
    for (let x = 0; x < width; x += 4, a += 16) {
      let value = v128.load(a);
      if (x + 4 > width) value = v128.bitselect(value, least, firstLanes(width - x));
      most = f32x4.pmax(most, value);
      strange = v128.or(strange, f32x4.ne(value, value));
    }
  }
  store<f64>(partials + (<usize>thread << 3), v128.any_true(strange) ? NaN : laneMax(most));
  barrier();
  if (thread == 0) store<f64>(load<usize>(record, OPTIONS), largestOf(partials, threads));
}

// @ts-ignore: decorator
@inline export function laneMax(v: v128): f64 {
  const low = max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1));
  return <f64>max(low, max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}

/** The largest of `count` numbers, one a thread. */
export function largestOf(numbers: usize, count: i32): f64 {
  let most = load<f64>(numbers);
  for (let i = 1; i < count; i++) most = max(most, load<f64>(numbers + (<usize>i << 3)));
  return most;
}
