import type { ComplexArray } from "../../arrays.ts";
import type { Variations } from "../../engines/scan.ts";
import { writeNpz } from "../../formats/npz.ts";
import { toComplex } from "../../scans/complexImages.ts";
import { withArrays } from "../openArrays.ts";
import type { RunStore } from "../store.ts";

/**
 * What lights each frame where the probe varies: P_j = P + Σ_k w_jk U_k in its first mode.
 *
 * @param index from a frame of the scan's file to the engines' number
 * @returns the same array for all frames
 */
export function lightsOf(
  probe: ComplexArray,
  { directions, weights }: Variations,
  index: ReadonlyMap<number, number>,
): (frame: number) => ComplexArray {
  const [count, height, width] = directions.shape;
  const size = 2 * height * width;
  const light = { shape: probe.shape, data: probe.data.slice() };
  return (frame) => {
    light.data.set(probe.data.subarray(0, size));
    const row = (index.get(frame) ?? 0) * count;
    for (let k = 0; k < count; k++)
      for (let i = 0; i < size; i++) light.data[i] += weights[row + k] * directions.data[k * size + i];
    return light;
  };
}

/**
 * `variations.npz`: `directions` (complex64 `[way, y, x]`, on the scale of the file's probe) and `weights` (float64 `[frame, way]`
 * of all frames of the scan's file, NaN for those that were left out): the first mode of frame j is
 * `probeGuess[0] + Σ_k weights[j, k] directions[k]`.
 *
 * @param used frames of the scan's file by the engines' numbers
 * @param frames in the file
 */
export function variationBytes(
  { directions, weights }: Variations,
  probeScale: number,
  used: readonly number[],
  frames: number,
): Uint8Array {
  const [count] = directions.shape;
  const all = new Float64Array(frames * count).fill(Number.NaN);
  for (const [j, frame] of used.entries()) all.set(weights.subarray(j * count, (j + 1) * count), frame * count);
  return writeNpz({
    directions: {
      shape: directions.shape,
      dtype: "complex64",
      data: directions.data.map((value) => value / probeScale),
    },
    weights: { shape: [frames, count], dtype: "float64", data: all },
  });
}

/** What `variationBytes` wrote: directions of the file's scale, weights `[frame, way]` of all frames of its scan. */
export async function readVariations(path: string, store: RunStore): Promise<Variations> {
  return withArrays(path, store, (arrays) => {
    const directions = arrays.readNumbers("directions");
    return {
      directions: { shape: directions.shape, data: toComplex(directions, path) },
      weights: Float64Array.from(arrays.readNumbers("weights").data, Number),
    };
  });
}

/**
 * As engines have them, whose directions have the norm 1. Frames that were left out, and have no weights, vary by nothing.
 *
 * @param probeScale from the file's probe to the engines'
 * @param used frames of the scan's file by the engines' numbers
 */
export function engineVariations(
  { directions, weights }: Variations,
  probeScale: number,
  used: readonly number[],
): Variations {
  const [count, height, width] = directions.shape;
  const size = 2 * height * width;
  const data = directions.data.slice();
  const own = new Float64Array(used.length * count);
  for (let k = 0; k < count; k++) {
    const way = data.subarray(k * size, (k + 1) * size);
    const norm = Math.sqrt(way.reduce((sum, value) => sum + value * value, 0)) || 1;
    way.forEach((value, i) => {
      way[i] = value / norm;
    });
    for (const [j, frame] of used.entries()) {
      const weight = weights[frame * count + k];
      own[j * count + k] = Number.isNaN(weight) ? 0 : weight * norm * probeScale;
    }
  }
  return { directions: { shape: directions.shape, data }, weights: own };
}

/** Part of the probe's power that each way has, the most first; means over frames that were used. */
export function variationPowers({ directions, weights }: Variations, probe: ComplexArray): readonly number[] {
  const [count, height, width] = directions.shape;
  const size = 2 * height * width;
  const energy = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
  const frames = weights.length / count;
  return Array.from({ length: count }, (_, k) => {
    const length = energy(directions.data.subarray(k * size, (k + 1) * size)) / energy(probe.data);
    let squares = 0;
    for (let i = k; i < weights.length; i += count) squares += weights[i] ** 2;
    return (length * squares) / frames;
  });
}
