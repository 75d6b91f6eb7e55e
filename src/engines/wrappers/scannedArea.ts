import type { Experiment } from "../experiment.ts";

/** Rows and columns of the canvas, ends excluded. */
export interface Area {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Where the scan's windows have their centres: what lies beyond it few frames light, or none, so that it is as it began. */
export function scannedArea({ scan: { positions }, canvas: { origin } }: Experiment): Area {
  const ends = [0, 1].map((axis) => {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let k = axis; k < positions.length; k += 2) {
      least = Math.min(least, positions[k]);
      most = Math.max(most, positions[k]);
    }
    return [Math.floor(least) - origin[axis], Math.floor(most) + 1 - origin[axis]] as const;
  });
  const [[top, bottom], [left, right]] = ends;
  return { top, bottom, left, right };
}
