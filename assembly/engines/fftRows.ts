// Transforms along rows as they lie, 4 neighbours of a blocked row in lanes (layout.ts), not normalised.
import { bluesteinRows } from "./bluestein";
import { rowPass } from "./butterflies";
import { fft } from "./fft";
import {
  elements, firstRowGroup, firstRowPass, isReversed, length, PASS_BYTES, passes, radixOf, rowGroups, rowPasses, twiddlesOf,
} from "./fftPlan";
import {
  evens, highHalves, highPairs, lowHalves, lowPairs, odds, padded, turnElements, turnElementsInterleaved, turnRows,
} from "./layout";

/**
 * Rows, a multiple of 4 of them, blocked → blocked, or interleaved, times `factor`. Dst may be src. Pitches are in complex
 * elements. Scratch is of FftPlan.rowScratch bytes, for `rowCount` rows at most.
 */
export function fftRows(
  plan: usize, src: usize, srcPitch: usize, dst: usize, dstPitch: usize, rows: i32, scratch: usize,
  interleaved: bool, factor: f32,
): void {
  srcPitch <<= 3;
  dstPitch <<= 3;
  if (passes(plan) == 0) bluesteinRows(plan, src, srcPitch, dst, dstPitch, rows, scratch, interleaved, factor);
  else if (rowPasses(plan) == 0) turnedRows(plan, src, srcPitch, dst, dstPitch, rows, scratch, interleaved, factor);
  else {
    // Where 16 does not divide the length, 4 neighbours of a result need not be one block.
    const whole = (length(plan) & 15) == 0;
    directRows(plan, src, srcPitch, dst, dstPitch, rows, scratch, interleaved || !whole, factor);
    if (!interleaved && !whole) for (let y = 0; y < rows; y++, dst += dstPitch) blockRow(dst, length(plan));
  }
}

/** Interleaved → blocked, in place. */
function blockRow(row: usize, n: i32): void {
  for (const end = row + (<usize>n << 3); row < end; row += 32) {
    const a = v128.load(row), b = v128.load(row, 16);
    v128.store(row, evens(a, b));
    v128.store(row, odds(a, b), 16);
  }
}

/** Bytes between rows of scratch. */
// @ts-ignore: decorator
@inline export function scratchPitch(plan: usize): usize { return (<usize>length(plan) << 3) + 64; }

/** Pitches are in bytes. The source may be the scratch, in its pitch. */
export function directRows(
  plan: usize, src: usize, srcPitch: usize, dst: usize, dstPitch: usize, rows: i32, scratch: usize,
  interleaved: bool, factor: f32,
): void {
  const n = length(plan), count = rowPasses(plan), reversed = isReversed(plan), pitch = scratchPitch(plan);
  let part = n, at = firstRowPass(plan);
  for (let i = 0; i < count; i++, at += PASS_BYTES) {
    const radix = radixOf(at);
    rowPass(radix, src, srcPitch, scratch, pitch, n, part, reversed, twiddlesOf(plan, at), rows);
    part /= radix;
    src = scratch;
    srcPitch = pitch;
  }
  if (interleaved) lastRowPass(plan, src, srcPitch, dst, dstPitch, rows, factor, true);
  else lastRowPass(plan, src, srcPitch, dst, dstPitch, rows, factor, false);
}

/** Radix 4, on 4 blocks at once that hold neighbouring frequencies. */
// @ts-ignore: decorator
@inline function lastRowPass(
  plan: usize, src: usize, srcPitch: usize, dst: usize, dstPitch: usize, rows: i32, factor: f32, interleaved: bool,
): void {
  const scale = f32x4.splat(factor), reversed = isReversed(plan), dstPart = <usize>length(plan) << 1;
  const firstPart: usize = reversed ? 3 * dstPart : dstPart, nextPart: usize = reversed ? 0 - dstPart : dstPart;
  let group = firstRowGroup(plan);
  for (const end = group + <usize>rowGroups(plan) * 20; group < end; group += 20) {
    let s0 = src + load<i32>(group), s1 = src + load<i32>(group, 4);
    let s2 = src + load<i32>(group, 8), s3 = src + load<i32>(group, 12);
    let d0 = dst + load<i32>(group, 16);
    for (const end = s0 + <usize>rows * srcPitch; s0 < end; d0 += dstPitch) {
      const d1 = d0 + firstPart, d2 = d1 + nextPart, d3 = d2 + nextPart;
      const ar = v128.load(s0), br = v128.load(s1), cr = v128.load(s2), dr = v128.load(s3);
      const abrLow = lowPairs(ar, br), abrHigh = highPairs(ar, br), cdrLow = lowPairs(cr, dr), cdrHigh = highPairs(cr, dr);
      const x0r = lowHalves(abrLow, cdrLow), x1r = highHalves(abrLow, cdrLow);
      const x2r = lowHalves(abrHigh, cdrHigh), x3r = highHalves(abrHigh, cdrHigh);
      const er = f32x4.add(x0r, x2r), fr = f32x4.sub(x0r, x2r), gr = f32x4.add(x1r, x3r), hr = f32x4.sub(x1r, x3r);
      const ai = v128.load(s0, 16), bi = v128.load(s1, 16), ci = v128.load(s2, 16), di = v128.load(s3, 16);
      const abiLow = lowPairs(ai, bi), abiHigh = highPairs(ai, bi), cdiLow = lowPairs(ci, di), cdiHigh = highPairs(ci, di);
      const x0i = lowHalves(abiLow, cdiLow), x1i = highHalves(abiLow, cdiLow);
      const x2i = lowHalves(abiHigh, cdiHigh), x3i = highHalves(abiHigh, cdiHigh);
      const ei = f32x4.add(x0i, x2i), fi = f32x4.sub(x0i, x2i), gi = f32x4.add(x1i, x3i), hi = f32x4.sub(x1i, x3i);
      storeFour(d0, f32x4.add(er, gr), f32x4.add(ei, gi), scale, interleaved);
      storeFour(d1, f32x4.add(fr, hi), f32x4.sub(fi, hr), scale, interleaved);
      storeFour(d2, f32x4.sub(er, gr), f32x4.sub(ei, gi), scale, interleaved);
      storeFour(d3, f32x4.sub(fr, hi), f32x4.add(fi, hr), scale, interleaved);
      s0 += srcPitch;
      s1 += srcPitch;
      s2 += srcPitch;
      s3 += srcPitch;
    }
  }
}

// @ts-ignore: decorator
@inline export function storeFour(dst: usize, re: v128, im: v128, scale: v128, interleaved: bool): void {
  re = f32x4.mul(re, scale);
  im = f32x4.mul(im, scale);
  v128.store(dst, interleaved ? lowPairs(re, im) : re);
  v128.store(dst, interleaved ? highPairs(re, im) : im, 16);
}

/** Rows of lengths that have no passes along rows: turned, so that 4 of them lie in lanes, and back. */
function turnedRows(
  plan: usize, src: usize, srcPitch: usize, dst: usize, dstPitch: usize, rows: i32, scratch: usize,
  interleaved: bool, factor: f32,
): void {
  const n = length(plan), bytes = <usize>rows << 3, second = scratch + (elements(plan) + 3) * bytes;
  for (let i: usize = 0; i < bytes; i += 32, src += srcPitch << 2) turnRows(src, srcPitch, scratch + i, bytes, n);
  fft(plan, scratch, bytes, scratch, second, second, bytes, bytes);
  memory.fill(second + <usize>n * bytes, 0, (padded(n) - <usize>n) * bytes);
  for (let i: usize = 0; i < bytes; i += 32, dst += dstPitch << 2) {
    if (interleaved) turnElementsInterleaved(second + i, bytes, dst, dstPitch, n, factor);
    else turnElements(second + i, bytes, dst, dstPitch, n, factor);
  }
}
