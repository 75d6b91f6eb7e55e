import type { EngineScan } from "../scan.ts";

/** Part of the valid pixels, the darkest ones in the mean pattern. */
const DARKEST = 0.1;
/** Of the mean pixel's light. Where the darkest have more, light fills the detector and tells nothing of what lies under it. */
const MOST = 0.5;
/** Patterns that are looked at, at most: their mean is of pixels, of which there are many. */
const PATTERNS = 64;

/**
 * A level that a flat background has at most, and about, where part of the detector sees little else: the mean of the darkest
 * tenth of its pixels, in squared amplitudes.
 *
 * @param frames that may be looked at
 * @returns nothing where no pixel has light, or none is dark beside the others
 */
export function darkLevel({ amplitudes, mask }: EngineScan, frames: Int32Array): number | undefined {
  const { height, width } = amplitudes;
  const pixels = height * width;
  const looked = Math.min(PATTERNS, frames.length);
  const mean = new Float64Array(pixels);
  const pattern = new Float32Array(pixels);
  for (let k = 0; k < looked; k++) {
    amplitudes.read([frames[Math.floor((k * frames.length) / looked)]], pattern);
    for (let i = 0; i < pixels; i++) mean[i] += pattern[i] ** 2 / looked;
  }
  const valid = mean.filter((_, i) => mask === undefined || mask[i] > 0).sort();
  const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value / values.length, 0);
  const level = meanOf(valid.subarray(0, Math.ceil(DARKEST * valid.length)));
  return level > 0 && level < MOST * meanOf(valid) ? level : undefined;
}
