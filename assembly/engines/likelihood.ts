// Expected against measured amplitudes.
import {
  FIRST, OPTIONS, SECOND, THIRD, factorOf, firstLanes, framesOf, heightOf, partStart, rowOf, widthOf,
} from "./record";
import { GROUPS, VALUES, addPartials, laneSum } from "./sums";
import { barrier } from "./threads";

// @ts-ignore: decorator
@inline export const GAUSSIAN = 0;
// @ts-ignore: decorator
@inline export const POISSON = 1;
// @ts-ignore: decorator
@inline export const INTENSITY = 2;

/** Added to expected counts, as POISSON_DARK of kernels.ts. */
const DARK: f32 = 1e-6;
const RUN: i32 = 32;

/** The step's length less one. */
// @ts-ignore: decorator
@inline export function plainFactor(kind: i32, expected: v128, amplitude: v128, dark: v128): v128 {
  if (kind == GAUSSIAN) {
    // Without light: 0, though √I / 0 is not.
    const ratio = f32x4.sub(f32x4.div(amplitude, f32x4.sqrt(expected)), f32x4.splat(1));
    return v128.and(f32x4.gt(expected, f32x4.splat(0)), ratio);
  }
  const excess = f32x4.sub(f32x4.mul(amplitude, amplitude), expected);
  return kind == POISSON ? f32x4.div(excess, f32x4.add(expected, dark)) : excess;
}

/** The same on pixels of `valid`; 0 elsewhere. */
// @ts-ignore: decorator
@inline export function stepFactor(kind: i32, expected: v128, amplitude: v128, valid: v128, dark: v128): v128 {
  return v128.and(valid, plainFactor(kind, expected, amplitude, dark));
}

/** Fewer counts than this are none. What is made of them is no denormal number, and vanishes beside the dark. */
const LEAST_COUNTS: f32 = 1e-30;

/**
 * Half a Poisson deviance, L − I + I ln(I / L), of L that is no less than DARK. With the power of two 2^e nearest to I / L
 * and P = 2^e L, ln(I / P) is a series in s = (I − P) / (I + P): 2 s (1 + s² q). Terms that nearly cancel, (P − I) + 2 I s,
 * are put together, (I − P) s, so that small misfits, where P = L, keep their digits:
 *   (L − P) + I e ln 2 + s ((I − P) + 2 I s² q).
 * q = 1/3 + z/5 + z²/7 + z³/9, its last term replaced by the quadratic closest to it for z = s² up to (√2 − 1)⁴ = 0.0294.
 */
// @ts-ignore: decorator
@inline export function halfDeviance(light: v128, counts: v128): v128 {
  counts = f32x4.pmax(f32x4.splat(LEAST_COUNTS), counts);
  const exponent = i32x4.shr_s(i32x4.add(i32x4.sub(counts, light), i32x4.splat(1 << 22)), 23);
  const near = i32x4.add(light, i32x4.shl(exponent, 23)), off = f32x4.sub(counts, near);
  const s = f32x4.div(off, f32x4.add(counts, near)), z = f32x4.mul(s, s);
  let q = f32x4.add(f32x4.mul(z, f32x4.splat(0.14776336)), f32x4.splat(0.19994584));
  q = f32x4.add(f32x4.mul(q, z), f32x4.splat(0.33333342));
  const rest = f32x4.mul(s, f32x4.add(off, f32x4.mul(f32x4.add(counts, counts), f32x4.mul(z, q))));
  const turns = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(exponent), f32x4.splat(0.6931471805599453)), counts);
  return f32x4.add(f32x4.add(f32x4.sub(light, near), turns), rest);
}

/** (√Î − √I)². */
// @ts-ignore: decorator
@inline export function misfitOf(expected: v128, amplitude: v128): v128 {
  const difference = f32x4.sub(f32x4.sqrt(expected), amplitude);
  return f32x4.mul(difference, difference);
}

/** Factor, expected, measured. Options: kind, address of the misfits, mask or 0, its pitch, dark. */
export function likelihood(record: usize, partials: usize, thread: i32, threads: i32): void {
  const kind = load<i32>(record, OPTIONS), mask = load<usize>(record, OPTIONS + 8);
  const pitch = load<usize>(record, OPTIONS + 12);
  const height = heightOf(record), width = widthOf(record), units = framesOf(record) * GROUPS;
  const dark = f32x4.splat(<f32>factorOf(record + OPTIONS + 16, 0));
  const to = partStart(units, thread + 1, threads);
  for (let unit = partStart(units, thread, threads); unit < to; unit++) {
    const group = unit % GROUPS, frame = unit / GROUPS, slot = partials + (<usize>(unit * VALUES) << 3);
    memory.fill(slot, 0, VALUES << 3);
    const end = partStart(height, group + 1, GROUPS);
    for (let y = partStart(height, group, GROUPS); y < end; y++) {
      const valid: usize = mask == 0 ? 0 : mask + <usize>y * pitch;
      const out = rowOf(record + FIRST, frame, 0, y);
      const expected = rowOf(record + SECOND, frame, 0, y), measured = rowOf(record + THIRD, frame, 0, y);
      if (kind == GAUSSIAN) compareRow(GAUSSIAN, out, expected, measured, valid, width, slot, dark);
      else if (kind == POISSON) compareRow(POISSON, out, expected, measured, valid, width, slot, dark);
      else compareRow(INTENSITY, out, expected, measured, valid, width, slot, dark);
    }
  }
  barrier();
  if (thread == 0) addPartials(partials, framesOf(record), GROUPS, VALUES, load<usize>(record, OPTIONS + 4));
}

// @ts-ignore: decorator
@inline function compareRow(
  kind: i32, out: usize, expected: usize, measured: usize, mask: usize, width: i32, slot: usize,
  dark: v128,
): void {
  const all = f32x4.splat(0), zero = f32x4.splat(0);
  for (let x = 0; x < width; ) {
    const end = min(width, x + 4 * RUN);
    let off = all, counts = all, deviance = all, pixels = i32x4.splat(0);
    for (; x < end; x += 4, out += 16, expected += 16, measured += 16) {
      let valid = firstLanes(width - x);
      if (mask != 0) {
        valid = v128.and(valid, f32x4.gt(v128.load(mask), zero));
        mask += 16;
      }
      const light = v128.load(expected), amplitude = v128.load(measured), square = f32x4.mul(amplitude, amplitude);
      v128.store(out, stepFactor(kind, light, amplitude, valid, dark));
      off = f32x4.add(off, v128.and(valid, misfitOf(light, amplitude)));
      counts = f32x4.add(counts, v128.and(valid, square));
      deviance = f32x4.add(deviance, v128.and(valid, halfDeviance(f32x4.add(light, f32x4.splat(DARK)), square)));
      pixels = i32x4.sub(pixels, valid);
    }
    store<f64>(slot, load<f64>(slot) + laneSum(off));
    store<f64>(slot, load<f64>(slot, 8) + laneSum(counts), 8);
    store<f64>(slot, load<f64>(slot, 16) + 2 * laneSum(deviance), 16);
    store<f64>(slot, load<f64>(slot, 24) + laneSum(f32x4.convert_i32x4_s(pixels)), 24);
  }
}
