import type { Random } from "../random.ts";

/**
 * Two halves of some frames, interleaved along the scan's path: of every two frames that follow one another each half has
 * one, by chance, since every second frame of a raster with an even number of columns would be every second column.
 *
 * @returns frames of each half, in the order in which they were given
 */
export function interleavedHalves(frames: ArrayLike<number>, random: Random): readonly [Int32Array, Int32Array] {
  const halves: [number[], number[]] = [[], []];
  for (let i = 0; i < frames.length; i += 2) {
    const first = random.uniform() < 0.5 ? 0 : 1;
    halves[first].push(frames[i]);
    if (i + 1 < frames.length) halves[1 - first].push(frames[i + 1]);
  }
  return [Int32Array.from(halves[0]), Int32Array.from(halves[1])];
}
