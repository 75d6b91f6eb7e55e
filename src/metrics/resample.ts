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

/**
 * Which pixels of a window rest on valid pixels of the source alone: 1 where the source's mask is 1 on all pixels nearby.
 * At a fractional place these are the four nearest along each axis, where the interpolation has nearly all its weight.
 *
 * @param mask of the source, row-major, 0 = invalid
 * @param origin see {@link sampleWindow}
 */
export function sampleMask(
  mask: ArrayLike<number>,
  [rows, columns]: readonly [number, number],
  origin: readonly [row: number, column: number],
  [height, width]: readonly [height: number, width: number],
): Uint8Array {
  const [top, left] = [snap(origin[0]), snap(origin[1])];
  const [down, across] = [reach(top), reach(left)];
  const out = new Uint8Array(height * width);
  const valid = (i: number, j: number): boolean => {
    for (let y = i + down.first; y <= i + down.last; y++)
      for (let x = j + across.first; x <= j + across.last; x++) {
        // The source's border values continue outside, so only pixels inside can be invalid.
        if (y >= 0 && y < rows && x >= 0 && x < columns && mask[y * columns + x] === 0) return false;
      }
    return true;
  };
  const inside = (at: number, size: number): boolean => at >= 0 && at <= size - 1;
  for (let i = 0; i < height; i++) {
    if (!inside(top + i, rows)) continue;
    for (let j = 0; j < width; j++) {
      if (inside(left + j, columns)) out[i * width + j] = valid(i, j) ? 1 : 0;
    }
  }
  return out;
}

/** Source pixels, relative to a window's pixel, that carry its value. */
function reach(origin: number): { readonly first: number; readonly last: number } {
  const whole = Math.floor(origin);
  return origin === whole ? { first: whole, last: whole } : { first: whole - 1, last: whole + 2 };
}

/** Rounding noise on a whole number is no reason to interpolate. */
function snap(origin: number): number {
  return Math.abs(origin - Math.round(origin)) < 1e-9 ? Math.round(origin) : origin;
}

interface Taps {
  readonly weights: readonly number[];
  /** Source index of tap t for window pixel i. */
  index(i: number, t: number): number;
  /** Whether window pixel i lies between the source's first and last pixel. */
  inside(i: number): boolean;
}

function taps(origin: number, size: number): Taps {
  const snapped = snap(origin);
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
