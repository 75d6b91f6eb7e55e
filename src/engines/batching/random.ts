import type { Random } from "../../random.ts";

/** Frames as they come from a shuffle. */
export function randomBatches(
  frames: Int32Array,
  _positions: Float64Array,
  size: number,
  random: Random,
): Int32Array[] {
  return cutEvenly(random.shuffle(frames.slice()), size);
}

/** Consecutive parts of at most `size`, as few as can be, whose sizes differ by one at most. */
export function cutEvenly(frames: Int32Array, size: number): Int32Array[] {
  return evenSizes(frames.length, size).map(({ from, to }) => frames.slice(from, to));
}

/** Where the parts of `count` begin and end. */
export function evenSizes(count: number, size: number): { readonly from: number; readonly to: number }[] {
  const parts = Math.ceil(count / size);
  return Array.from({ length: parts }, (_, k) => ({
    from: Math.round((k * count) / parts),
    to: Math.round(((k + 1) * count) / parts),
  }));
}
