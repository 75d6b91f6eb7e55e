import type { ComplexArray } from "../../../arrays.ts";

/** What the orientation is measured from. */
export interface OrientationScan {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Frames in counts (any scale), `[indices.length, y, x]`, zero frequency at floor(n / 2). */
  readonly read: (indices: readonly number[]) => Float32Array;
  /** `[frame, 2]`, (y, x) in object pixels as they are given. */
  readonly positions: Float64Array;
  /** `[y, x]`, 1 = valid. */
  readonly mask?: ArrayLike<number>;
  /** `[mode, n, n]`, as far as it is known. */
  readonly probe?: ComplexArray;
  /** Frames that are no part of it. */
  readonly skipped?: readonly number[];
}

/** Frames with a position. */
export function usableFrames({ count, positions, skipped = [] }: OrientationScan): number[] {
  const left = new Set(skipped);
  return Array.from({ length: count }, (_, k) => k).filter(
    (k) => !left.has(k) && Number.isFinite(positions[2 * k]) && Number.isFinite(positions[2 * k + 1]),
  );
}

/** 2^depth parts of a scan that lie beside each other, as equal in number as can be: halved across the longer side each time. */
export function scanParts(positions: Float64Array, frames: readonly number[], depth: number): number[][] {
  if (depth === 0) return [[...frames]];
  const extent = [0, 1].map((axis) => {
    const values = frames.map((k) => positions[2 * k + axis]);
    return values.reduce((a, b) => Math.max(a, b), -Infinity) - values.reduce((a, b) => Math.min(a, b), Infinity);
  });
  const axis = extent[0] >= extent[1] ? 0 : 1;
  const sorted = [...frames].sort((a, b) => positions[2 * a + axis] - positions[2 * b + axis] || a - b);
  const half = Math.ceil(sorted.length / 2);
  return [sorted.slice(0, half), sorted.slice(half)].flatMap((part) => scanParts(positions, part, depth - 1));
}

/** The `most` frames nearest to the middle of a part. */
export function middleOf(positions: Float64Array, part: readonly number[], most: number): number[] {
  const middle = [0, 1].map((axis) => part.reduce((sum, k) => sum + positions[2 * k + axis], 0) / part.length);
  const off = (k: number): number => (positions[2 * k] - middle[0]) ** 2 + (positions[2 * k + 1] - middle[1]) ** 2;
  return [...part].sort((a, b) => off(a) - off(b) || a - b).slice(0, most);
}
