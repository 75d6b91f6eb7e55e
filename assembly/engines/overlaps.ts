// The compound `stepOverlaps`: each pixel of patches, of the moved object's and of changes is read once. Groups of rows are
// summed as in sums.ts, so that sums do not depend on the number of threads.
import { evens, odds } from "./layout";
import {
  FIRST, OPTIONS, SECOND, THIRD, firstLanes, framesOf, heightOf, modesOf, partStart, pitchOf, rowOf, widthOf,
} from "./record";
import { GROUPS, laneSum } from "./sums";
import { barrier } from "./threads";
import { cutRow, windowAt } from "./windows";

/** After object, probe and change: patches, direction (address 0 where there is none), address of the results, windows. */
const PATCHES: usize = OPTIONS, DIRECTION: usize = OPTIONS + 16, OUT: usize = OPTIONS + 32, WINDOWS: usize = OPTIONS + 36;
/** Sums of a unit, and places that they have in the table of partial sums. */
const SUMS = 5, PLACES = 8;
/** Vectors that are summed in float32 before float64 takes over. */
const RUN: i32 = 32;

export function stepOverlaps(record: usize, scratch: usize, partials: usize, thread: i32, threads: i32): void {
  const height = heightOf(record), units = framesOf(record) * GROUPS;
  const to = partStart(units, thread + 1, threads);
  for (let unit = partStart(units, thread, threads); unit < to; unit++) {
    const frame = unit / GROUPS, group = unit % GROUPS, slot = partials + (<usize>(unit * PLACES) << 3);
    memory.fill(slot, 0, SUMS << 3);
    const end = partStart(height, group + 1, GROUPS);
    for (let y = partStart(height, group, GROUPS); y < end; y++) {
      const window = windowAt(load<usize>(record, WINDOWS), frame);
      cutRow(scratch, load<usize>(record, FIRST), pitchOf(record + FIRST), window, y, widthOf(record));
      if (modesOf(record) == 1) row(true, record, frame, y, scratch, slot);
      else row(false, record, frame, y, scratch, slot);
    }
  }
  barrier();
  if (thread == 0) addUnits(record, partials);
}

/** All frames' sums of one kind, then those of the next. */
function addUnits(record: usize, partials: usize): void {
  const frames = framesOf(record), count = load<usize>(record, DIRECTION) == 0 ? 2 : SUMS;
  let out = load<usize>(record, OUT);
  for (let k = 0; k < count; k++) {
    for (let frame = 0; frame < frames; frame++, out += 8) {
      let sum: f64 = 0, at = partials + (<usize>(frame * GROUPS * PLACES + k) << 3);
      for (let unit = 0; unit < GROUPS; unit++, at += PLACES << 3) sum += load<f64>(at);
      store<f64>(out, sum);
    }
  }
}

/** `single`: one mode. What is beyond the width is zero in every plane but the patches, which nothing multiplies there. */
// @ts-ignore: decorator
@inline function row(single: bool, record: usize, frame: i32, y: i32, moved: usize, slot: usize): void {
  const width = widthOf(record), zero = f32x4.splat(0), moves = load<usize>(record, DIRECTION) != 0;
  const probeStep = load<usize>(record + SECOND, 8), changeStep = load<usize>(record + THIRD, 8), directionStep = load<usize>(record + DIRECTION, 8);
  const end = <usize>modesOf(record) * changeStep;
  let probe = rowOf(record + SECOND, frame, 0, y);
  let change = rowOf(record + THIRD, frame, 0, y), patch = rowOf(record + PATCHES, frame, 0, y);
  let direction = moves ? rowOf(record + DIRECTION, frame, 0, y) : 0;
  for (let x = 0; x < width; ) {
    const stop = min(width, x + 4 * RUN);
    let uu = zero, ux = zero, vv = zero, vx = zero, uv = zero;
    for (; x < stop; x += 4, moved += 32, probe += 32, change += 32, patch += 32) {
      const valid = firstLanes(width - x);
      const o0 = v128.load(patch), o1 = v128.load(patch, 16), m0 = v128.load(moved), m1 = v128.load(moved, 16);
      const or = v128.and(valid, evens(o0, o1)), oi = v128.and(valid, odds(o0, o1));
      const ar = v128.and(valid, f32x4.sub(evens(m0, m1), or)), ai = v128.and(valid, f32x4.sub(odds(m0, m1), oi));
      let light = zero, shade = zero, askedRe = zero, askedIm = zero, wantedRe = zero, wantedIm = zero;
      let bothRe = zero, bothIm = zero, p = probe, d = direction;
      for (let c: usize = 0; single ? c == 0 : c < end; c += single ? 1 : changeStep) {
        const p0 = v128.load(p), p1 = v128.load(p, 16), pr = evens(p0, p1), pi = odds(p0, p1);
        const c0 = v128.load(change + c), c1 = v128.load(change + c, 16), cr = evens(c0, c1), ci = odds(c0, c1);
        light = f32x4.add(light, f32x4.add(f32x4.mul(pr, pr), f32x4.mul(pi, pi)));
        askedRe = f32x4.add(askedRe, f32x4.add(f32x4.mul(pr, cr), f32x4.mul(pi, ci)));
        askedIm = f32x4.add(askedIm, f32x4.sub(f32x4.mul(pr, ci), f32x4.mul(pi, cr)));
        if (moves) {
          const d0 = v128.load(d), d1 = v128.load(d, 16), dr = evens(d0, d1), di = odds(d0, d1);
          shade = f32x4.add(shade, f32x4.add(f32x4.mul(dr, dr), f32x4.mul(di, di)));
          wantedRe = f32x4.add(wantedRe, f32x4.add(f32x4.mul(dr, cr), f32x4.mul(di, ci)));
          wantedIm = f32x4.add(wantedIm, f32x4.sub(f32x4.mul(dr, ci), f32x4.mul(di, cr)));
          bothRe = f32x4.add(bothRe, f32x4.add(f32x4.mul(pr, dr), f32x4.mul(pi, di)));
          bothIm = f32x4.add(bothIm, f32x4.sub(f32x4.mul(pr, di), f32x4.mul(pi, dr)));
          d += directionStep;
        }
        p += probeStep;
      }
      uu = f32x4.add(uu, f32x4.mul(light, f32x4.add(f32x4.mul(ar, ar), f32x4.mul(ai, ai))));
      ux = f32x4.add(ux, f32x4.add(f32x4.mul(ar, askedRe), f32x4.mul(ai, askedIm)));
      if (moves) {
        vv = f32x4.add(vv, f32x4.mul(shade, f32x4.add(f32x4.mul(or, or), f32x4.mul(oi, oi))));
        vx = f32x4.add(vx, f32x4.add(f32x4.mul(or, wantedRe), f32x4.mul(oi, wantedIm)));
        const re = f32x4.sub(f32x4.mul(or, bothRe), f32x4.mul(oi, bothIm));
        const im = f32x4.add(f32x4.mul(or, bothIm), f32x4.mul(oi, bothRe));
        uv = f32x4.add(uv, f32x4.add(f32x4.mul(ar, re), f32x4.mul(ai, im)));
        direction += 32;
      }
    }
    store<f64>(slot, load<f64>(slot) + laneSum(uu));
    store<f64>(slot, load<f64>(slot, 8) + laneSum(ux), 8);
    store<f64>(slot, load<f64>(slot, 16) + laneSum(vv), 16);
    store<f64>(slot, load<f64>(slot, 24) + laneSum(vx), 24);
    store<f64>(slot, load<f64>(slot, 32) + laneSum(uv), 32);
  }
}
