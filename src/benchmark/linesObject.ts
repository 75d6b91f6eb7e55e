import { type ComplexArray, complexZeros } from "../arrays.ts";
import { lineMap } from "../optics/objects/lines.ts";
import type { Random } from "../random.ts";
import { type GridGeometry, groupsPerAxis, stepOf } from "./geometry.ts";

/** Segments of the published images, which are 392 pixels wide; other sizes get as many for the same density. */
const publishedSegments = { count: 400, size: 392 } as const;

/**
 * One image of the benchmark, `[size, size]`: the line map as amplitude (unscaled, around 3), phase zero; or, with
 * `setPhi`, the phase π tanh((I − max I / 2) / (3 mean I)) of the same map I.
 */
export function linesImage(size: number, setPhi: boolean, random: Random): ComplexArray {
  const count = Math.round((publishedSegments.count * size) / publishedSegments.size);
  const map = lineMap(count, [size, size], random);
  const highest = map.reduce((high, value) => Math.max(high, value), 0);
  const mean = map.reduce((sum, value) => sum + value, 0) / map.length;
  const image = complexZeros([size, size]);
  map.forEach((value, k) => {
    const phase = setPhi ? Math.PI * Math.tanh((value - highest / 2) / (3 * mean)) : 0;
    image.data[2 * k] = value * Math.cos(phase);
    image.data[2 * k + 1] = value * Math.sin(phase);
  });
  return image;
}

/** Images of one size below one another. */
export function stacked(images: readonly ComplexArray[]): ComplexArray {
  const [height, width] = images[0].shape as [number, number];
  const object = complexZeros([images.length * height, width]);
  for (const [k, { data }] of images.entries()) object.data.set(data, k * data.length);
  return object;
}

/**
 * The benchmark's unit of amplitude: the mean over groups of the largest amplitude that a patch of the group holds.
 * @param object stacked images
 */
export function amplitudeUnit(object: ComplexArray, geometry: GridGeometry): number {
  const { size, n, gridsize, offset, images } = geometry;
  const [perAxis, step, window] = [groupsPerAxis(geometry), stepOf(geometry), n + (gridsize - 1) * offset];
  const starts = Array.from({ length: perAxis }, (_, group) => group * step);
  let sum = 0;
  for (let image = 0; image < images; image++) {
    const amplitude = (row: number, column: number): number => {
      const at = 2 * ((image * size + row) * size + column);
      return Math.hypot(object.data[at], object.data[at + 1]);
    };
    // The largest value of a square is that of its columns' largest, so rows are searched once for every group.
    for (const top of starts) {
      const columns = Float64Array.from({ length: size }, (_, column) => {
        let high = 0;
        for (let row = top; row < top + window; row++) high = Math.max(high, amplitude(row, column));
        return high;
      });
      for (const left of starts) sum += columns.subarray(left, left + window).reduce((a, b) => Math.max(a, b), 0);
    }
  }
  return sum / (images * perAxis ** 2);
}
