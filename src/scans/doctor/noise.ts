import type { PatternSample } from "./sample.ts";

/** How the variance of values grows with their mean. */
export interface NoiseCurve {
  /** Power of the mean that the variance goes with, and its standard error. */
  readonly slope: number;
  readonly error: number;
}

/** Bins of the mean, two a factor of two. */
const PER_OCTAVE = 2;
const LEAST_BLOCKS = 300;
const LEAST_BINS = 5;

/**
 * The scatter within blocks of 2 × 2 pixels, by the second difference (a − b − c + d) / 2, which a plane does not have and
 * whose variance is that of one value; what the pattern itself bends adds to it, as the square of the mean. The slope is that
 * of the darker half of the blocks, where noise is most of it.
 */
export function noiseCurve(sample: PatternSample): NoiseCurve | undefined {
  const bins = scatterBins(sample);
  const points = [...bins]
    .filter(([, { count, squares }]) => count >= LEAST_BLOCKS && squares > 0)
    .sort(([a], [b]) => a - b)
    .map(([, { count, sum, squares }]) => ({
      x: Math.log(sum / count),
      y: Math.log(squares / count),
      // d² of normal d has twice its square as variance.
      weight: count / 2,
    }));
  if (points.length < LEAST_BINS) return undefined;
  return fittedSlope(points.slice(0, Math.max(LEAST_BINS, points.length >> 1)));
}

interface Scatter {
  count: number;
  sum: number;
  squares: number;
}

function scatterBins({ frames, height, width, data }: PatternSample): Map<number, Scatter> {
  const bins = new Map<number, Scatter>();
  for (let k = 0; k < frames.length; k++)
    for (let y = 0; y + 1 < height; y += 2)
      for (let x = 0; x + 1 < width; x += 2) {
        const at = (k * height + y) * width + x;
        const [a, b, c, d] = [data[at], data[at + 1], data[at + width], data[at + width + 1]];
        const mean = (a + b + c + d) / 4;
        if (!(mean > 0 && mean < Number.POSITIVE_INFINITY)) continue;
        const bin = Math.floor(PER_OCTAVE * Math.log2(mean));
        const own = bins.get(bin) ?? { count: 0, sum: 0, squares: 0 };
        own.count++;
        own.sum += mean;
        own.squares += ((a - b - c + d) / 2) ** 2;
        bins.set(bin, own);
      }
  return bins;
}

function fittedSlope(
  points: readonly { readonly x: number; readonly y: number; readonly weight: number }[],
): NoiseCurve {
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0];
  for (const { x, y, weight } of points) {
    w += weight;
    wx += weight * x;
    wy += weight * y;
    wxx += weight * x * x;
    wxy += weight * x * y;
  }
  const spread = wxx - (wx * wx) / w;
  const slope = (wxy - (wx * wy) / w) / spread;
  const level = (wy - slope * wx) / w;
  // What the line does not follow counts as error too.
  const misfit = points.reduce((sum, { x, y, weight }) => sum + weight * (y - level - slope * x) ** 2, 0);
  return { slope, error: Math.sqrt(Math.max(1, misfit / Math.max(1, points.length - 2)) / spread) };
}
