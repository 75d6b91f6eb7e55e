import { assembleBatch, type BatchSource } from "../data/batches.ts";
import type { ParameterValues } from "../nets/parameters.ts";
import { INPUT_MEAN, INPUT_SCALE } from "../nets/standardise.ts";

/** Patterns that are looked at, spread over the training groups. */
const MOST_PATTERNS = 1024;
/** Read at a time: bounds the memory. */
const CHUNK = 64;
/** Standard deviation that an input of mean deviation gets: heads that start with much contrast unlearn it first. */
const DEVIATION = 0.25;

/**
 * Statistics of the network's input for a network that standardises it: each pixel's mean μ over patterns of the training
 * groups, and s = ¼ / √((σ² + σ̄²) / 2) with its standard deviation σ and the root mean square σ̄ of all. What hardly varies
 * is half-way to one scale for all pixels, since at low dose it is mostly noise; dark pixels, masked ones for instance, stay
 * at zero. Patterns of a group, and of several scans, count alike. In float64.
 */
export function inputStatistics(source: BatchSource): ParameterValues {
  const { groups, patterns } = source;
  const pixels = patterns.height * patterns.width;
  const [sum, squares] = [new Float64Array(pixels), new Float64Array(pixels)];
  const taken = Math.min(groups.count, Math.ceil(MOST_PATTERNS / groups.size));
  for (let first = 0; first < taken; first += CHUNK) {
    const length = Math.min(CHUNK, taken - first);
    const chosen = Int32Array.from({ length }, (_, k) => Math.floor(((first + k) * groups.count) / taken));
    const { images } = assembleBatch(source, { groups: chosen, weights: new Float32Array(length).fill(1) });
    for (let i = 0; i < images.length; i++) {
      sum[i % pixels] += images[i];
      squares[i % pixels] += images[i] ** 2;
    }
  }
  const count = taken * groups.size;
  const mean = sum.map((total) => total / count);
  const variance = squares.map((total, i) => Math.max(0, total / count - mean[i] ** 2));
  const common = variance.reduce((total, value) => total + value, 0) / pixels;
  return {
    [INPUT_MEAN]: Float32Array.from(mean),
    // Patterns that are all the same have no scale.
    [INPUT_SCALE]: Float32Array.from(variance, (value) =>
      common > 0 ? DEVIATION / Math.sqrt((value + common) / 2) : 1,
    ),
  };
}
