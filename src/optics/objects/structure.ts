/** What an object is made of, before contrast: two images `[height, width]` with values in [0, 1]. */
export interface Structure {
  readonly amplitude: Float64Array;
  readonly phase: Float64Array;
}

/** Stretches an image to span [0, 1]; a flat one becomes 0. */
export function toUnitRange(image: Float64Array): Float64Array {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of image) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = high > low ? 1 / (high - low) : 0;
  return image.map((value) => (value - low) * scale);
}
