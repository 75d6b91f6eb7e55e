import { PointTree } from "./pointTree.ts";

/**
 * Who may join the group of an anchor. All functions take positions `[frame, 2]` as (y, x) in object pixels and the
 * frames to look among, and answer in frame indices.
 */

/**
 * The K nearest neighbours of each anchor, nearest first, the anchor itself before them.
 * @returns one list of up to K + 1 frames per anchor
 */
export function nearestNeighbours(
  positions: Float64Array,
  frames: ArrayLike<number>,
  count: number,
  anchors: ArrayLike<number> = frames,
): number[][] {
  const tree = new PointTree(positions, frames);
  return Array.from(anchors, (anchor) => selfFirst(anchor, tree.nearest(...at(positions, anchor), count + 1)));
}

/**
 * Neighbours at a distance of min to max, both included, nearest first; never the anchor, never one twice.
 * @returns for one anchor at a time: there may be very many, and lists of all anchors may not fit into memory
 */
export function neighboursBetween(
  positions: Float64Array,
  frames: ArrayLike<number>,
  min: number,
  max: number,
): (anchor: number) => number[] {
  const tree = new PointTree(positions, frames);
  return (anchor) => tree.between(...at(positions, anchor), min, max).filter((frame) => frame !== anchor);
}

/**
 * Neighbours by quadrant: of the `count` nearest those with min ≤ d < max, in the order (−x, +y), (+x, +y), (−x, −y),
 * (+x, −y), each nearest first. A neighbour exactly on an axis belongs to no quadrant.
 * @returns per anchor four lists without the anchor
 */
export function quadrantNeighbours(
  positions: Float64Array,
  frames: ArrayLike<number>,
  { count, min, max }: { readonly count: number; readonly min: number; readonly max: number },
  anchors: ArrayLike<number> = frames,
): number[][][] {
  const nearest = nearestNeighbours(positions, frames, count, anchors);
  return nearest.map(([anchor, ...others]) => {
    const lists: [number[], number[], number[], number[]] = [[], [], [], []];
    const [y, x] = at(positions, anchor);
    for (const frame of others) {
      const dy = positions[2 * frame] - y;
      const dx = positions[2 * frame + 1] - x;
      const distance = Math.hypot(dy, dx);
      if (dx === 0 || dy === 0 || distance < min || distance >= max) continue;
      lists[(dy > 0 ? 0 : 2) + (dx > 0 ? 1 : 0)].push(frame);
    }
    return lists;
  });
}

/**
 * The square of `side` × `side` frames, `step` apart along y and x, of which each anchor is the first: (0, 0), (0, 1) …
 * (side − 1, side − 1) in steps along (y, x).
 * @returns per anchor the whole square in that order, or an empty list where a frame is missing; a frame counts as in its
 *   place up to a quarter of a step away
 */
export function squareNeighbours(
  positions: Float64Array,
  frames: ArrayLike<number>,
  { side, step }: { readonly side: number; readonly step: number },
  anchors: ArrayLike<number> = frames,
): number[][] {
  const tree = new PointTree(positions, frames);
  return Array.from(anchors, (anchor) => {
    const [y, x] = at(positions, anchor);
    const square = [anchor];
    for (let place = 1; place < side * side; place++) {
      const there = [y + step * Math.floor(place / side), x + step * (place % side)] as const;
      const frame = tree.nearest(...there, 1)[0];
      const [fy, fx] = at(positions, frame);
      if (Math.hypot(fy - there[0], fx - there[1]) > step / 4) return [];
      square.push(frame);
    }
    return square;
  });
}

/** Whether the square windows, of this side, of two frames share any pixel. */
export function windowsOverlap(positions: Float64Array, a: number, b: number, side: number): boolean {
  return (
    Math.abs(positions[2 * a] - positions[2 * b]) < side && Math.abs(positions[2 * a + 1] - positions[2 * b + 1]) < side
  );
}

/**
 * Frames whose position lies inside a fraction of the scan's extent, for example (0.1, 0.9) of each axis, both included.
 * The extent is that of the given frames.
 */
export function framesWithin(
  positions: Float64Array,
  frames: ArrayLike<number>,
  xBounds: readonly [number, number],
  yBounds: readonly [number, number],
): number[] {
  const inside = ([yBounds, xBounds] as const).map(([from, to], axis) => {
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < frames.length; k++) {
      least = Math.min(least, positions[2 * frames[k] + axis]);
      greatest = Math.max(greatest, positions[2 * frames[k] + axis]);
    }
    const low = least + from * (greatest - least);
    // Interpolated from the upper end, so that a bound of 1 is the greatest position itself, to the last bit.
    const high = greatest - (1 - to) * (greatest - least);
    return (frame: number): boolean => positions[2 * frame + axis] >= low && positions[2 * frame + axis] <= high;
  });
  return Array.from(frames).filter((frame) => inside.every((test) => test(frame)));
}

/** Frames at the same position are equally near; the anchor still leads its own list. */
function selfFirst(anchor: number, nearest: readonly number[]): number[] {
  const others = nearest.filter((frame) => frame !== anchor);
  return [anchor, ...others.slice(0, nearest.length - 1)];
}

const at = (positions: Float64Array, frame: number): [number, number] => [
  positions[2 * frame],
  positions[2 * frame + 1],
];
