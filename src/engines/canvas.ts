import type { WindowPlaces } from "./kernels/kernels.ts";

/** The pixels of an object that windows lie on. */
export interface Canvas {
  readonly height: number;
  readonly width: number;
  /** Object pixel of the canvas's first pixel, (y, x). */
  readonly origin: readonly [y: number, x: number];
}

/** The smallest canvas that holds all windows of `[h, w]`, with a margin for positions that will move. */
export function canvasOf(
  positions: Float64Array,
  [height, width]: readonly [height: number, width: number],
  margin: number,
): Canvas {
  const sides = [height, width];
  const first = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const last = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let k = 0; k < positions.length; k++) {
    const axis = k % 2;
    const begin = Math.floor(positions[k]) - Math.floor(sides[axis] / 2);
    first[axis] = Math.min(first[axis], begin);
    last[axis] = Math.max(last[axis], begin);
  }
  const rim = Math.ceil(margin);
  // One more than the window is long: bilinear weights look at the pixel after.
  const extent = (axis: number): number => last[axis] - first[axis] + sides[axis] + 1 + 2 * rim;
  return { height: extent(0), width: extent(1), origin: [first[0] - rim, first[1] - rim] };
}

/**
 * How a position between pixels is met: "whole" rounds it, "bilinear" weighs four neighbours, "fourier" cuts at the nearest
 * pixel and moves the light by the rest.
 */
export type SubPixel = "whole" | "bilinear" | "fourier";

/** Where windows of some frames begin on the canvas, and `[frame, 2]` by how far that is off. */
export function placesOf(
  positions: Float64Array,
  frames: ArrayLike<number>,
  [height, width]: readonly [height: number, width: number],
  { origin }: Canvas,
  subPixel: SubPixel,
): WindowPlaces & { readonly rest: Float64Array } {
  const corners = new Int32Array(2 * frames.length);
  const rest = new Float64Array(2 * frames.length);
  const centre = [Math.floor(height / 2), Math.floor(width / 2)];
  for (let k = 0; k < corners.length; k++) {
    const [frame, axis] = [frames[k >> 1], k & 1];
    const begin = positions[2 * frame + axis] - centre[axis] - origin[axis];
    corners[k] = subPixel === "bilinear" ? Math.floor(begin) : Math.round(begin);
    rest[k] = begin - corners[k];
  }
  return subPixel === "bilinear" ? { corners, fractions: rest, rest } : { corners, rest };
}
