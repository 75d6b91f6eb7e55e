import type { ComplexArray } from "../../arrays.ts";

/** Linear interpolation at pixels `1 / ratio` apart, over as many pixels where they are wider; pixel 0 stays where it is. */
export function resampledObject({ shape, data }: ComplexArray, ratio: readonly [number, number]): ComplexArray {
  const [rows, columns] = shape as [number, number];
  const [newRows, newColumns] = [Math.max(1, Math.round(rows * ratio[0])), Math.max(1, Math.round(columns * ratio[1]))];
  const tall = new Float64Array(2 * newRows * columns);
  for (let y = 0; y < newRows; y++)
    for (const [from, weight] of tent(y / ratio[0], 1 / ratio[0], rows))
      for (let i = 0; i < 2 * columns; i++) tall[2 * y * columns + i] += weight * data[2 * from * columns + i];
  const out = new Float32Array(2 * newRows * newColumns);
  for (let x = 0; x < newColumns; x++)
    for (const [from, weight] of tent(x / ratio[1], 1 / ratio[1], columns))
      for (let y = 0; y < newRows; y++)
        for (const part of [0, 1])
          out[2 * (y * newColumns + x) + part] += weight * tall[2 * (y * columns + from) + part];
  return { shape: [newRows, newColumns], data: out };
}

/** Pixels and their weights, of sum one, about a place. */
function tent(place: number, pixel: number, size: number): [at: number, weight: number][] {
  const reach = Math.max(1, pixel);
  const taps: [number, number][] = [];
  for (let at = Math.ceil(place - reach); at <= place + reach; at++) {
    const weight = 1 - Math.abs(at - place) / reach;
    if (weight > 0 && at >= 0 && at < size) taps.push([at, weight]);
  }
  if (taps.length === 0) return [[size - 1, 1]];
  const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
  return taps.map(([at, weight]) => [at, weight / total]);
}
