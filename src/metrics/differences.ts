/** Measures of two sets of numbers, element by element. */

/** Mean |a − b|. */
export function meanAbsoluteError(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum / a.length;
}

/** Mean (a − b)². */
export function meanSquaredError(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum / a.length;
}

/**
 * Peak signal-to-noise ratio in decibels, 10 log₁₀(range² / MSE); infinite for equal images.
 *
 * @param range the span of values that counts as full signal; state it wherever the number is quoted
 */
export function psnr(a: Float64Array, b: Float64Array, range: number): number {
  return 10 * Math.log10(range ** 2 / meanSquaredError(a, b));
}

/** Pearson correlation; 0 when either side is constant, since a flat image says nothing about the other. */
export function pearson(a: Float64Array, b: Float64Array): number {
  let meanA = 0;
  let meanB = 0;
  for (let i = 0; i < a.length; i++) {
    meanA += a[i] / a.length;
    meanB += b[i] / b.length;
  }
  let aa = 0;
  let bb = 0;
  let ab = 0;
  for (let i = 0; i < a.length; i++) {
    const da = a[i] - meanA;
    const db = b[i] - meanB;
    aa += da * da;
    bb += db * db;
    ab += da * db;
  }
  // Rounding leaves a constant image with a variance of about 1e-32 of its square.
  const flat = (variance: number, average: number): boolean => variance <= 1e-28 * a.length * average * average;
  return flat(aa, meanA) || flat(bb, meanB) ? 0 : ab / Math.sqrt(aa * bb);
}

/** ‖a − b‖ / ‖b‖ over interleaved complex numbers. */
export function relativeError(a: Float64Array, b: Float64Array): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}
