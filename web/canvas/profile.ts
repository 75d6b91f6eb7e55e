import { type PreparedArray, type Reading, readingAt } from "./shownArray.ts";

/** A line over the array, from pixel to pixel (y, x). */
export interface Line {
  readonly from: readonly [y: number, x: number];
  readonly to: readonly [y: number, x: number];
}

/** The array's own numbers along a line, a pixel's length apart. */
export interface Profile extends Line {
  /** From the line's beginning: metres where the size of a pixel is known, else pixels. */
  readonly distance: readonly number[];
  readonly inMetres: boolean;
  /** Those of the nearest pixel. */
  readonly readings: readonly Reading[];
}

export function profileAlong(array: PreparedArray, line: Line): Profile {
  const [dy, dx] = [line.to[0] - line.from[0], line.to[1] - line.from[1]];
  const length = Math.hypot(dy, dx);
  const steps = Math.max(1, Math.ceil(length));
  const points = Array.from({ length: steps + 1 }, (_, k) => {
    const t = k / steps;
    const reading = readingAt(array, Math.round(line.from[0] + t * dy), Math.round(line.from[1] + t * dx));
    return reading && { distance: t * length * (array.pixelSizeM ?? 1), reading };
  }).filter((point) => point !== undefined);
  return {
    ...line,
    inMetres: array.pixelSizeM !== undefined,
    distance: points.map(({ distance }) => distance),
    readings: points.map(({ reading }) => reading),
  };
}
