// What the fused compounds are made of: from a patch to what its exit waves should change by, in three passes over
// planes, each over blocks that the first cache holds. Exit waves are made while columns are loaded; rows are
// transformed, compared and transformed back at once; the caller transforms columns back and takes what it needs.
// Between passes all threads must be done. Planes of `work`, one a mode, are blocked (layout.ts).
//
// Options that records of compounds have in common.
import { fft } from "./fft";
import { columnBytes, inversePlan, rowCount } from "./fftPlan";
import { fftRows } from "./fftRows";
import { COLUMN_SHARE, ROW_SHARE, columnScratch, shareStart } from "./fourier";
import { evens, multiplyIm, multiplyRe, odds, padded } from "./layout";
import { GAUSSIAN, INTENSITY, POISSON, halfDeviance, misfitOf, plainFactor, stepFactor } from "./likelihood";
import {
  OPTIONS, SECOND, THIRD, factorOf, firstLanes, heightOf, modesOf, pitchOf, planeOf, rowOf, widthOf,
} from "./record";
import { VALUES, laneSum } from "./sums";
import { fetchRows } from "./threads";

// @ts-ignore: decorator
@inline const KIND: usize = OPTIONS + 4;
// @ts-ignore: decorator
@inline export const MISFIT: usize = OPTIONS + 8;
// @ts-ignore: decorator
@inline const MASK: usize = OPTIONS + 12;
// @ts-ignore: decorator
@inline const MASK_PITCH: usize = OPTIONS + 16;
// @ts-ignore: decorator
@inline export const PLAN_H: usize = OPTIONS + 20;
// @ts-ignore: decorator
@inline const PLAN_W: usize = OPTIONS + 24;
/** Bytes from plane to plane, and from row to row, of `work`. */
// @ts-ignore: decorator
@inline export const WORK_STRIDE: usize = OPTIONS + 28;
// @ts-ignore: decorator
@inline export const WORK_PITCH: usize = OPTIONS + 32;
// @ts-ignore: decorator
@inline export const MORE: usize = OPTIONS + 36;
/** After eight words more, then the compound's own factors. */
// @ts-ignore: decorator
@inline const DARK: usize = MORE + 32;
// @ts-ignore: decorator
@inline export const MORE_FACTORS: usize = DARK + 8;

/**
 * Bytes of a row's columns that are transformed at once: two cache lines at least, for with each come as many of
 * object, probe and work, row after row. That outweighs the first cache.
 */
// @ts-ignore: decorator
@inline export function columnBlock(plan: usize): usize { return max(columnBytes(plan), 128); }
/** Bytes of one half of the scratch for them. */
// @ts-ignore: decorator
@inline export function blockScratch(plan: usize): usize {
  return (columnScratch(plan) / columnBytes(plan)) * columnBlock(plan);
}

/** Vectors that are summed in float32 before float64 takes over. */
const RUN: i32 = 32;
const LIGHT_DARK: f32 = 1e-6;

/** First pass: this part's columns of P_m O, transformed. Returns the largest |O|² of them. */
export function illuminate(
  record: usize, frame: i32, patch: usize, patchPitch: usize, work: usize, scratch: usize, part: i32, parts: i32,
): v128 {
  const planH = load<usize>(record, PLAN_H), workPitch = load<usize>(record, WORK_PITCH);
  const height = heightOf(record), width = widthOf(record), modes = modesOf(record);
  const block = columnBlock(planH), end = padded(width) << 3, second = scratch + blockScratch(planH);
  let most = f32x4.splat(0);
  const to = shareStart(end, COLUMN_SHARE, part + 1, parts);
  for (let at = shareStart(end, COLUMN_SHARE, part, parts); at < to; at += block) {
    const bytes = min(block, to - at);
    for (let mode = 0; mode < modes; mode++) {
      const probe = planeOf(record + SECOND, frame, mode) + at;
      const out = work + <usize>mode * load<usize>(record, WORK_STRIDE) + at;
      const columns = width - <i32>(at >> 3), pitch = pitchOf(record + SECOND);
      const here = loadExit(patch + at, patchPitch, probe, pitch, height, scratch, bytes, columns, mode == 0);
      most = f32x4.max(most, here);
      fft(planH, scratch, bytes, scratch, second, out, workPitch, bytes);
    }
  }
  return most;
}

/** Columns of P O → scratch, blocked. Beyond the width P is zero. Returns the largest |O|² where it is asked for. */
function loadExit(
  patch: usize, patchPitch: usize, probe: usize, probePitch: usize, height: i32, scratch: usize, bytes: usize,
  width: i32,
  measure: bool,
): v128 {
  let most = f32x4.splat(0);
  const whole = <usize>(width >> 2) << 5, tail = firstLanes(width & 3);
  for (let y = 0; y < height; y++, patch += patchPitch, probe += probePitch, scratch += bytes) {
    for (let i: usize = 0; i < bytes; i += 32) {
      const o0 = v128.load(patch + i), o1 = v128.load(patch + i, 16);
      const p0 = v128.load(probe + i), p1 = v128.load(probe + i, 16);
      const or = evens(o0, o1), oi = odds(o0, o1), pr = evens(p0, p1), pi = odds(p0, p1);
      v128.store(scratch + i, multiplyRe(or, oi, pr, pi));
      v128.store(scratch + i, multiplyIm(or, oi, pr, pi), 16);
      if (measure) {
        const power = f32x4.add(f32x4.mul(or, or), f32x4.mul(oi, oi));
        most = f32x4.pmax(most, i < whole ? power : v128.and(power, tail));
      }
    }
  }
  return most;
}

/**
 * Second pass: this part's rows of `work`, transformed, multiplied with the likelihood's step, transformed back: what
 * is left are the rows of χ before columns are transformed back. The misfit of each row is left in `partials`.
 */
export function compare(
  record: usize, frame: i32, work: usize, scratch: usize, partials: usize, part: i32, parts: i32,
): void {
  const planW = load<usize>(record, PLAN_W), pitch = load<usize>(record, WORK_PITCH);
  const stride = load<usize>(record, WORK_STRIDE);
  const height = heightOf(record), modes = modesOf(record), kind = load<i32>(record, KIND);
  const unit = <f32>(1 / Math.sqrt(<f64>height * <f64>widthOf(record)));
  const block = rowCount(planW), end = padded(height), all = work + <usize>modes * stride;
  const to = shareStart(end, ROW_SHARE, part + 1, parts);
  for (let at = shareStart(end, ROW_SHARE, part, parts); at < to; at += block) {
    const count = <i32>min(block, to - at), last = min(height, <i32>at + count);
    for (let plane = work; plane < all; plane += stride) {
      const rows = plane + at * pitch;
      if (parts > 1) fetchRows(rows, pitch, count, padded(widthOf(record)) << 3);
      fftRows(planW, rows, pitch >> 3, rows, pitch >> 3, count, scratch, false, unit);
    }
    for (let y = <i32>at; y < last; y++) {
      if (modes == 1) stepOf(true, kind, record, frame, y, work, partials);
      else stepOf(false, kind, record, frame, y, work, partials);
    }
    for (let plane = work; plane < all; plane += stride) {
      const rows = plane + at * pitch;
      fftRows(inversePlan(planW), rows, pitch >> 3, rows, pitch >> 3, count, scratch, false, unit);
    }
  }
}

/** `single`: one mode. */
// @ts-ignore: decorator
@inline function stepOf(
  single: bool, kind: i32, record: usize, frame: i32, y: i32, work: usize, partials: usize,
): void {
  const all = load<usize>(record, MASK) == 0 && (widthOf(record) & 3) == 0;
  if (kind == GAUSSIAN && all) step(single, GAUSSIAN, true, record, frame, y, work, partials);
  else if (kind == GAUSSIAN) step(single, GAUSSIAN, false, record, frame, y, work, partials);
  else if (kind == POISSON) step(single, POISSON, false, record, frame, y, work, partials);
  else step(single, INTENSITY, false, record, frame, y, work, partials);
}

/** Row y of all modes: Ψ → (the step's length) Ψ, and the misfit. `all`: every pixel is valid, four at a time. */
// @ts-ignore: decorator
@inline function step(
  single: bool, kind: i32, all: bool, record: usize, frame: i32, y: i32, work: usize, partials: usize,
): void {
  const width = widthOf(record), stride = load<usize>(record, WORK_STRIDE), end = <usize>modesOf(record) * stride;
  const dark = f32x4.splat(<f32>factorOf(record + DARK, 0)), mask = load<usize>(record, MASK), zero = f32x4.splat(0);
  let row = work + <usize>y * load<usize>(record, WORK_PITCH), measured = rowOf(record + THIRD, frame, 0, y);
  let valids: usize = mask == 0 ? 0 : mask + <usize>y * load<usize>(record, MASK_PITCH);
  const slot = partials + (<usize>(y * VALUES) << 3);
  for (let k: usize = 0; k < <usize>(VALUES << 3); k += 8) store<f64>(slot + k, 0);
  for (let x = 0; x < width; ) {
    const start = x, stop = min(width, x + 4 * RUN);
    let off = zero, counts = zero, deviance = zero, pixels = i32x4.splat(0);
    for (; x < stop; x += 4, row += 32, measured += 16) {
      let valid = all ? i32x4.splat(-1) : firstLanes(width - x);
      if (!all && mask != 0) {
        valid = v128.and(valid, f32x4.gt(v128.load(valids), zero));
        valids += 16;
      }
      let light = zero;
      for (let m: usize = 0; single ? m == 0 : m < end; m += single ? 1 : stride) {
        const re = v128.load(row + m), im = v128.load(row + m, 16);
        light = f32x4.add(light, f32x4.add(f32x4.mul(re, re), f32x4.mul(im, im)));
      }
      const amplitude = v128.load(measured), square = f32x4.mul(amplitude, amplitude);
      const factor = all ? plainFactor(kind, light, amplitude, dark) : stepFactor(kind, light, amplitude, valid, dark);
      for (let m: usize = 0; single ? m == 0 : m < end; m += single ? 1 : stride) {
        v128.store(row + m, f32x4.mul(v128.load(row + m), factor));
        v128.store(row + m, f32x4.mul(v128.load(row + m, 16), factor), 16);
      }
      const asked = misfitOf(light, amplitude), doubt = halfDeviance(f32x4.add(light, f32x4.splat(LIGHT_DARK)), square);
      off = f32x4.add(off, all ? asked : v128.and(valid, asked));
      counts = f32x4.add(counts, all ? square : v128.and(valid, square));
      deviance = f32x4.add(deviance, all ? doubt : v128.and(valid, doubt));
      if (!all) pixels = i32x4.sub(pixels, valid);
    }
    store<f64>(slot, load<f64>(slot) + laneSum(off));
    store<f64>(slot, load<f64>(slot, 8) + laneSum(counts), 8);
    store<f64>(slot, load<f64>(slot, 16) + 2 * laneSum(deviance), 16);
    const many = all ? <f64>(stop - start) : laneSum(f32x4.convert_i32x4_s(pixels));
    store<f64>(slot, load<f64>(slot, 24) + many, 24);
  }
}
