// The compound `exitChange`: what exit waves of many frames should change by. Each thread has frames of its own, or,
// where there are few, a part of each.
import { MISFIT, MORE, PLAN_H, blockScratch, columnBlock, compare, illuminate } from "./farField";
import { fft } from "./fft";
import { inversePlan } from "./fftPlan";
import { COLUMN_SHARE, shareStart } from "./fourier";
import { padded, storeColumns } from "./layout";
import { FIRST, OPTIONS, framesOf, heightOf, modesOf, partStart, pitchOf, planeOf, rowOf, widthOf } from "./record";
import { VALUES, addPartials } from "./sums";
import { barrier, fetchRows } from "./threads";
import { cutRow, windowAt } from "./windows";

const CHANGE: usize = MORE, PATCHES: usize = MORE + 16;

/**
 * Object, probe, measured. Options: those in common, then operands of the changes, which are `work`, and of patches.
 */
export function exitChange(record: usize, scratch: usize, partials: usize, thread: i32, threads: i32): void {
  const frames = framesOf(record), apart = frames % threads == 0 || frames >= 4 * threads;
  const from = apart ? partStart(frames, thread, threads) : 0;
  const to = apart ? partStart(frames, thread + 1, threads) : frames;
  const height = heightOf(record), part = apart ? 0 : thread, parts = apart ? 1 : threads;
  const sums = apart ? partials + (<usize>(thread * height * VALUES) << 3) : partials;
  for (let frame = from; frame < to; frame++) {
    const work = planeOf(record + CHANGE, frame, 0);
    cutPatch(record, frame, part, parts);
    if (!apart) barrier();
    illuminate(record, frame, planeOf(record + PATCHES, frame, 0), pitchOf(record + PATCHES), work, scratch, part,
      parts);
    if (!apart) barrier();
    compare(record, frame, work, scratch, sums, part, parts);
    if (!apart) barrier();
    if (part == 0) addPartials(sums, 1, height, VALUES, load<usize>(record, MISFIT) + (<usize>(frame * VALUES) << 3));
    back(record, frame, scratch, part, parts);
    if (!apart) barrier();
  }
}

function cutPatch(record: usize, frame: i32, part: i32, parts: i32): void {
  const height = heightOf(record), window = windowAt(load<usize>(record, OPTIONS), frame);
  const to = partStart(height, part + 1, parts);
  for (let y = partStart(height, part, parts); y < to; y++) {
    cutRow(rowOf(record + PATCHES, frame, 0, y), load<usize>(record, FIRST), pitchOf(record + FIRST), window, y,
      widthOf(record));
  }
}

/** Third pass: columns back, blocked → interleaved, in place. */
function back(record: usize, frame: i32, scratch: usize, part: i32, parts: i32): void {
  const planH = inversePlan(load<usize>(record, PLAN_H)), pitch = pitchOf(record + CHANGE), height = heightOf(record);
  const block = columnBlock(planH), end = padded(widthOf(record)) << 3, second = scratch + blockScratch(planH);
  const to = shareStart(end, COLUMN_SHARE, part + 1, parts);
  for (let mode = 0; mode < modesOf(record); mode++) {
    const plane = planeOf(record + CHANGE, frame, mode);
    for (let at = shareStart(end, COLUMN_SHARE, part, parts); at < to; at += block) {
      const bytes = min(block, to - at);
      if (parts > 1) fetchRows(plane + at, pitch, height, bytes);
      fft(planH, plane + at, pitch, scratch, second, second, bytes, bytes);
      storeColumns(second, bytes, plane + at, pitch >> 3, height);
    }
  }
}
