import type { Groups } from "./grouping.ts";

/** Where groups lie and how their members lie in them; (y, x), object pixels. */
export interface GroupGeometry {
  /** `[group, 2]`: r̄, the mean position of the members. */
  readonly centres: Float64Array;
  /** `[group, C, 2]`: r_k − r̄. Merging places patch k there; extraction is the inverse. */
  readonly offsets: Float64Array;
}

/** @param positions `[frame, 2]` as (y, x) */
export function groupGeometry(positions: Float64Array, { size, count, frames }: Groups): GroupGeometry {
  const centres = new Float64Array(2 * count);
  const offsets = new Float64Array(2 * count * size);
  for (let group = 0; group < count; group++) {
    for (let axis = 0; axis < 2; axis++) {
      let mean = 0;
      for (let k = 0; k < size; k++) mean += positions[2 * frames[group * size + k] + axis] / size;
      centres[2 * group + axis] = mean;
      for (let k = 0; k < size; k++)
        offsets[2 * (group * size + k) + axis] = positions[2 * frames[group * size + k] + axis] - mean;
    }
  }
  return { centres, offsets };
}

/** Largest |r_k − r̄| along either axis, pixels: what a canvas must be able to hold. */
export function largestOffset({ offsets }: GroupGeometry): number {
  let largest = 0;
  for (const offset of offsets) largest = Math.max(largest, Math.abs(offset));
  return largest;
}
