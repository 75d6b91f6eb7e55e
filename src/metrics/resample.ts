import type { ComplexImage } from "./image.ts";

/** Lobes of the kernel on each side: flat to about 0.4 cycles per pixel, and the edge is near. */
const lobes = 4;

export interface Window {
  readonly image: ComplexImage;
  /** 1 where the window lies inside the source, 0 where it had to be continued. */
  readonly inside: Uint8Array;
}

/**
 * A window of an image with its pixel (0, 0) at a place that may be fractional and may lie outside: windowed-sinc
 * (Lanczos) interpolation, exact for whole pixels; the source's border values continue outside it.
 *
 * @param origin row and column of the source under the window's pixel (0, 0)
 */
export function sampleWindow(
  source: ComplexImage,
  origin: readonly [row: number, column: number],
  [height, width]: readonly [height: number, width: number],
): Window {
  const [rows, columns] = source.shape;
  const down = taps(origin[0], rows);
  const across = taps(origin[1], columns);
  // Across first, for every row of the source; then down.
  const wide = new Float64Array(2 * rows * width);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      for (let t = 0; t < across.weights.length; t++) {
        const from = 2 * (i * columns + across.index(j, t));
        wide[2 * (i * width + j)] += across.weights[t] * source.data[from];
        wide[2 * (i * width + j) + 1] += across.weights[t] * source.data[from + 1];
      }
    }
  }
  const data = new Float64Array(2 * height * width);
  const inside = new Uint8Array(height * width);
  for (let i = 0; i < height; i++) {
    for (let t = 0; t < down.weights.length; t++) {
      const from = 2 * width * down.index(i, t);
      for (let j = 0; j < 2 * width; j++) data[2 * i * width + j] += down.weights[t] * wide[from + j];
    }
    for (let j = 0; j < width; j++) inside[i * width + j] = down.inside(i) && across.inside(j) ? 1 : 0;
  }
  return { image: { shape: [height, width], data }, inside };
}

interface Taps {
  readonly weights: readonly number[];
  /** Source index of tap t for window pixel i. */
  index(i: number, t: number): number;
  /** Whether window pixel i lies between the source's first and last pixel. */
  inside(i: number): boolean;
}

function taps(origin: number, size: number): Taps {
  // Rounding noise on a whole number is no reason to interpolate.
  const snapped = Math.abs(origin - Math.round(origin)) < 1e-9 ? Math.round(origin) : origin;
  const whole = Math.floor(snapped);
  const fraction = snapped - whole;
  const offsets = fraction === 0 ? [0] : Array.from({ length: 2 * lobes }, (_, t) => t - lobes + 1);
  const raw = offsets.map((offset) => lanczos(offset - fraction));
  const sum = raw.reduce((total, value) => total + value, 0);
  return {
    weights: raw.map((value) => value / sum),
    index: (i, t) => Math.min(size - 1, Math.max(0, whole + i + offsets[t])),
    inside: (i) => snapped + i >= 0 && snapped + i <= size - 1,
  };
}

function lanczos(x: number): number {
  if (x === 0) return 1;
  const t = Math.PI * x;
  return (lobes * Math.sin(t) * Math.sin(t / lobes)) / (t * t);
}
