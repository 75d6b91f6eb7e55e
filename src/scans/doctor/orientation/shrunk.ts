import type { ComplexArray } from "../../../arrays.ts";
import { frequencies, planFft2 } from "../../../numerics/fft.ts";
import type { OrientationScan } from "./frames.ts";

/** Patterns small enough for many short reconstructions: cut where there is hardly any light, then binned. */
export interface Shrinkage {
  /** Pixels kept about the zero frequency. */
  readonly side: number;
  readonly bin: number;
  /** Pixels of a pattern afterwards: side / bin. */
  readonly n: number;
  /** Object pixels of a scan in one of the small patterns'. */
  readonly pixel: number;
  /** Mean pattern afterwards, `[n, n]`. */
  readonly mean: Float64Array;
  /** `[n, n]`, 1 = valid. */
  readonly mask?: Float32Array;
}

/** Of the light, kept when patterns are cut. */
const KEPT_LIGHT = 0.9;
/** Of the probe's energy, inside the window that binning leaves. */
const KEPT_PROBE = 0.95;
const SMALLEST = 32;
const LARGEST = 128;

/**
 * How to shrink: cut to the smallest square that holds nearly all light, then bin as long as the probe fits its window.
 * @param frames that the mean pattern is of
 */
export function shrinkage(
  scan: OrientationScan,
  frames: readonly number[],
  probe: (side: number) => ComplexArray,
): Shrinkage {
  const { height, width, mask } = scan;
  const mean = new Float64Array(height * width);
  for (const frame of frames) {
    const data = scan.read([frame]);
    for (let i = 0; i < mean.length; i++) if (mask?.[i] !== 0) mean[i] += data[i] / frames.length;
  }
  const full = Math.floor(Math.min(height, width) / 8) * 8;
  let side = full;
  const inside = (n: number): number => squareSum(mean, [height, width], n);
  for (let n = SMALLEST; n < full; n += SMALLEST)
    if (inside(n) >= KEPT_LIGHT * inside(full)) {
      side = n;
      break;
    }
  const wave = probe(side);
  let bin = 1;
  while (
    (side / bin) % 4 === 0 &&
    side / bin >= 2 * SMALLEST &&
    (side / bin > LARGEST || windowPart(wave, side / (2 * bin)) >= KEPT_PROBE)
  )
    bin *= 2;
  const small = (image: ArrayLike<number>): Float64Array => shrunkImage(image, [height, width], side, bin);
  const valid =
    mask === undefined
      ? undefined
      : small(Float64Array.from({ length: mean.length }, (_, i) => (mask[i] === 0 ? 1 : 0)));
  return {
    ...{ side, bin, n: side / bin, pixel: full / side, mean: small(mean) },
    ...(valid === undefined ? {} : { mask: Float32Array.from(valid, (bad) => (bad > 0 ? 0 : 1)) }),
  };
}

/** Of an image about its index floor(n/2), the middle `side` squared, in sums over blocks. */
export function shrunkImage(
  image: ArrayLike<number>,
  [height, width]: readonly [number, number],
  side: number,
  bin: number,
): Float64Array {
  const n = side / bin;
  const [top, left] = [Math.floor(height / 2) - Math.floor(side / 2), Math.floor(width / 2) - Math.floor(side / 2)];
  const out = new Float64Array(n * n);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      out[Math.floor(y / bin) * n + Math.floor(x / bin)] += image[(y + top) * width + x + left];
  return out;
}

function squareSum(image: Float64Array, size: readonly [number, number], side: number): number {
  return shrunkImage(image, size, side, side)[0];
}

/** Part of a probe's energy in the middle of its window. */
function windowPart({ shape, data }: ComplexArray, side: number): number {
  const [modes, n] = shape as [number, number, number];
  const first = Math.floor(n / 2) - Math.floor(side / 2);
  let [inside, all] = [0, 0];
  for (let mode = 0; mode < modes; mode++)
    for (let y = 0; y < n; y++)
      for (let x = 0; x < n; x++) {
        const at = 2 * ((mode * n + y) * n + x);
        const energy = data[at] ** 2 + data[at + 1] ** 2;
        all += energy;
        if (y >= first && y < first + side && x >= first && x < first + side) inside += energy;
      }
  return inside / all;
}

/** A probe on the pixels of a cut pattern: its spectrum cut to `side`. `[mode, side, side]` */
export function cutProbe({ shape, data }: ComplexArray, side: number): ComplexArray {
  const [modes, n] = shape as [number, number, number];
  const [whole, part] = [planFft2([n, n]), planFft2([side, side])];
  const out = new Float32Array(2 * modes * side * side);
  for (let mode = 0; mode < modes; mode++) {
    const spectrum = whole.forward(
      data.subarray(2 * mode * n * n, 2 * (mode + 1) * n * n),
      new Float64Array(2 * n * n),
    );
    const cut = new Float64Array(2 * side * side);
    for (const offset of [0, 1]) {
      const plane = Float64Array.from({ length: n * n }, (_, i) => spectrum[2 * i + offset]);
      shrunkImage(plane, [n, n], side, 1).forEach((value, i) => {
        cut[2 * i + offset] = value;
      });
    }
    out.set(part.inverse(cut), 2 * mode * side * side);
  }
  return { shape: [modes, side, side], data: out };
}

/** The middle of a probe's window. */
export function windowedProbe({ shape, data }: ComplexArray, n: number): ComplexArray {
  const [modes, side] = shape as [number, number, number];
  const first = Math.floor(side / 2) - Math.floor(n / 2);
  const out = new Float32Array(2 * modes * n * n);
  for (let mode = 0; mode < modes; mode++)
    for (let y = 0; y < n; y++) {
      const from = 2 * ((mode * side + y + first) * side + first);
      out.set(data.subarray(from, from + 2 * n), 2 * (mode * n + y) * n);
    }
  return { shape: [modes, n, n], data: out };
}

/** The probe whose far field is a mean pattern with a defocus (λ Δz / dx², in its pixels) as its only aberration. */
export function probeOfMean(mean: Float64Array, n: number, defocus: number): ComplexArray {
  const f = frequencies(n);
  const wave = new Float64Array(2 * n * n);
  for (let i = 0; i < mean.length; i++) {
    const phase = -Math.PI * defocus * (f[Math.floor(i / n)] ** 2 + f[i % n] ** 2);
    const amplitude = Math.sqrt(Math.max(0, mean[i]));
    wave[2 * i] = amplitude * Math.cos(phase);
    wave[2 * i + 1] = amplitude * Math.sin(phase);
  }
  return { shape: [1, n, n], data: planFft2([n, n]).inverse(wave, new Float32Array(2 * n * n)) };
}

/** The complex conjugate: a beam that runs the other way, with the opposite defocus. */
export const conjugatedProbe = ({ shape, data }: ComplexArray): ComplexArray => ({
  shape,
  data: data.map((value, i) => (i % 2 === 0 ? value : -value)),
});
