/** Free space as a filter of waves on a grid, lengths in pixels of that grid. */
export interface FreeSpace {
  /** λ z / p²: squared pixels. Positive downstream. */
  readonly travel: number;
  /** λ / p. 0: paraxial, as beams of small angles are. */
  readonly wavelength: number;
}

/**
 * Transfer function of the angular spectrum, relative to a plane wave along the axis,
 *
 *   H(f) = exp(2πi z/λ (√(1 − λ²f²) − 1)) = exp(−2πi t q² / (1 + √(1 − λ'²q²))),  q = f p, t = λ z / p², λ' = λ / p,
 *
 * and 0 where waves are evanescent and where H turns faster from one frequency to the next than the window can show: at
 * q along an axis light travels t q / √(1 − λ'²q²) pixels, and beyond half a window it would come back from the other side
 * (Matsushima & Shimobaba 2009, with the window as it is, not padded). With the paraxial λ' = 0 it is Fresnel's.
 *
 * @returns `[height, width]` interleaved, zero frequency at floor(n / 2)
 */
export function transferFunction(
  { travel, wavelength }: FreeSpace,
  [height, width]: readonly [height: number, width: number],
): Float64Array {
  const out = new Float64Array(2 * height * width);
  const [down, across] = [bandLimit({ travel, wavelength }, height), bandLimit({ travel, wavelength }, width)];
  for (let v = 0, i = 0; v < height; v++)
    for (let u = 0; u < width; u++, i += 2) {
      const [y, x] = [(v - Math.floor(height / 2)) / height, (u - Math.floor(width / 2)) / width];
      const square = y * y + x * x;
      const left = 1 - wavelength ** 2 * square;
      if (left <= 0 || Math.abs(y) > down || Math.abs(x) > across) continue;
      // Not the difference of root and 1, which would lose the digits of small angles.
      const turns = (travel * square) / (1 + Math.sqrt(left));
      const angle = -2 * Math.PI * (turns % 1);
      out[i] = Math.cos(angle);
      out[i + 1] = Math.sin(angle);
    }
  return out;
}

/** The largest frequency along an axis, in cycles a pixel, whose light stays within half a window of `side` pixels. */
export function bandLimit({ travel, wavelength }: FreeSpace, side: number): number {
  return 1 / Math.sqrt(((2 * travel) / side) ** 2 + wavelength ** 2);
}
