import type { ComplexImage } from "./image.ts";

/** Fades an image out towards its borders over `width` pixels on every side. */
export function taper({ shape: [height, width_], data }: ComplexImage, width: number): ComplexImage {
  const [rows, columns] = [tukey(height, width), tukey(width_, width)];
  const out = data.map((value, k) => value * rows[Math.floor(k / (2 * width_))] * columns[(k >> 1) % width_]);
  return { shape: [height, width_], data: out };
}

/**
 * Tukey window of n samples: raised cosines over (about) `width` samples at both ends, 1 between; 0 at the first and last
 * sample. `width` n/2 is a Hann window, 0 a constant.
 */
export function tukey(n: number, width: number): Float64Array {
  const edge = (Math.min(width, n / 2) * (n - 1)) / n;
  return Float64Array.from({ length: n }, (_, i) => {
    const fromEnd = Math.min(i, n - 1 - i);
    return fromEnd < edge ? 0.5 * (1 - Math.cos((Math.PI * fromEnd) / edge)) : 1;
  });
}
