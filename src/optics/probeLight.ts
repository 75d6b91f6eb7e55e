import type { ComplexArray } from "../arrays.ts";

/**
 * Intensity of a probe's modes together.
 * @param probe `[mode, N, N]`
 * @returns `[N, N]`
 */
export function probeLight({ shape, data }: ComplexArray): Float64Array {
  const size = shape.slice(-2).reduce((product, extent) => product * extent, 1);
  const light = new Float64Array(size);
  for (let i = 0; i < data.length / 2; i++) light[i % size] += data[2 * i] ** 2 + data[2 * i + 1] ** 2;
  return light;
}
