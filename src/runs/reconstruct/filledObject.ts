import type { ComplexArray } from "../../arrays.ts";

/**
 * An object that an engine can begin with everywhere.
 * @param coverage `[y, x]`; absent where nobody knows
 * @param empty value of pixels of which nothing is known
 */
export function filledObject(
  { shape, data }: ComplexArray,
  coverage: Float32Array | undefined,
  empty: number,
): ComplexArray {
  const out = data.slice();
  for (let i = 0; i < out.length; i += 2) {
    const covered = coverage === undefined || coverage[i / 2] > 0;
    if (!covered || (out[i] === 0 && out[i + 1] === 0)) out.set([empty, 0], i);
  }
  return { shape, data: out };
}
