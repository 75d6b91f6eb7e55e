import { planFft2 } from "../numerics/fft.ts";
import { applyGauge, findGauge } from "./gauge.ts";
import { type ComplexImage, centreCrop, requireSameShape, withoutMean } from "./image.ts";
import { taper } from "./taper.ts";

export interface FrcOptions {
  /** Pixels over which both images fade out at each border. Default an eighth of the side. */
  readonly taper?: number;
  /** Remove phase, scale and ramp of the first image relative to the second before. Default false. */
  readonly removeGauge?: boolean;
}

/** Fourier ring correlation with its thresholds, ring by ring from zero frequency to Nyquist. */
export interface FrcCurve {
  /** Cycles per pixel. */
  readonly frequency: readonly number[];
  /** Re Σ F₁ conj F₂ / √(Σ|F₁|² Σ|F₂|²) over the ring. */
  readonly correlation: readonly number[];
  /** Half-bit and one-bit information thresholds of the ring. */
  readonly halfBit: readonly number[];
  readonly oneBit: readonly number[];
}

export interface Frc {
  /**
   * Resolution in pixels: the full period 1/f at which the curve first falls below the threshold, 2 (Nyquist) where it
   * never does. Of the lowest rings those below it are passed over where the next are above. For the resolution of a
   * measurement compare two independent reconstructions; against a truth it says down to which period the
   * reconstruction is right. Null where the curve is below from the start, so that nothing agrees, and where an image is
   * flat, so that the curve says nothing.
   */
  readonly halfBit: number | null;
  readonly oneBit: number | null;
  /** Whether one of the images has no structure: it is a constant up to a phase ramp. */
  readonly flat: boolean;
  readonly curve: FrcCurve;
}

/** Structure below this part of a flat image is rounding: of float32 (3e-8 a value) and of the gauge's exponentials. */
const leastStructure = 1e-6;

/**
 * Fourier ring correlation of two complex images (the largest square in their middle) and the resolution by the
 * thresholds of van Heel & Schatz, J. Struct. Biol. 151, 250 (2005). Means are taken out before the borders fade: the
 * fading's own transform would else correlate in every ring, perfectly so for objects that are nearly flat.
 *
 * @throws PtychonautError "shape" when the images differ in size.
 */
export function frc(a: ComplexImage, b: ComplexImage, options: FrcOptions = {}): Frc {
  requireSameShape(a, b);
  const side = Math.min(...a.shape);
  const width = options.taper ?? side / 8;
  const first = options.removeGauge === true ? applyGauge(a, findGauge(a, b)) : a;
  const [x, y] = [first, b].map((image) => centreCrop(image, [side, side]));
  const rings = ringSums(taper(withoutMean(x), width), taper(withoutMean(y), width));
  const count = Math.floor(side / 2) + 1;
  const ring = <T>(value: (r: number) => T): T[] => Array.from({ length: count }, (_, r) => value(r));
  const curve: FrcCurve = {
    frequency: ring((r) => r / side),
    correlation: ring((r) => quotient(rings.crossRe[r], Math.sqrt(rings.powerA[r] * rings.powerB[r]))),
    halfBit: ring((r) => bitThreshold(0.5, rings.pixels[r])),
    oneBit: ring((r) => bitThreshold(1, rings.pixels[r])),
  };
  const flat = !hasStructure(x) || !hasStructure(y);
  return {
    halfBit: flat ? null : resolution(curve, curve.halfBit),
    oneBit: flat ? null : resolution(curve, curve.oneBit),
    ...{ flat, curve },
  };
}

/**
 * Whether an image is more than a constant with a phase ramp. O(r + d) conj O(r) is a constant for these, d being a step
 * down or to the right.
 */
function hasStructure({ shape: [height, width], data }: ComplexImage): boolean {
  return [width, 1].some((step) => {
    // Sums about the first value, where a constant leaves nothing to cancel.
    let [re, im, squares, energy, count] = [0, 0, 0, 0, 0];
    const first = product(data, step, 0);
    for (let k = 0; k < height * width; k++) {
      if (step === 1 ? k % width === width - 1 : k + step >= height * width) continue;
      const value = product(data, step, k);
      const [x, y] = [value[0] - first[0], value[1] - first[1]];
      re += x;
      im += y;
      squares += x * x + y * y;
      energy += value[0] ** 2 + value[1] ** 2;
      count++;
    }
    return squares - (re * re + im * im) / count > leastStructure ** 2 * energy;
  });
}

/** O(k + step) conj O(k) */
function product(data: Float64Array, step: number, k: number): readonly [re: number, im: number] {
  const [p, q] = [2 * (k + step), 2 * k];
  return [data[p] * data[q] + data[p + 1] * data[q + 1], data[p + 1] * data[q] - data[p] * data[q + 1]];
}

/** Ring by ring: Σ F₁ conj F₂, Σ|F₁|², Σ|F₂|² and the number of pixels; ring r holds |k| rounded to r, up to the corners. */
export interface RingSums {
  readonly crossRe: Float64Array;
  readonly crossIm: Float64Array;
  readonly powerA: Float64Array;
  readonly powerB: Float64Array;
  readonly pixels: Float64Array;
}

/** @param a square image */
export function ringSums(a: ComplexImage, b: ComplexImage): RingSums {
  const side = a.shape[0];
  const centre = Math.floor(side / 2);
  const fft = planFft2(a.shape);
  const [fa, fb] = [fft.forward(a.data), fft.forward(b.data)];
  const count = Math.round(Math.hypot(centre, centre)) + 1;
  const empty = (): Float64Array => new Float64Array(count);
  const sums = { crossRe: empty(), crossIm: empty(), powerA: empty(), powerB: empty(), pixels: empty() };
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      const at = 2 * (i * side + j);
      const r = Math.round(Math.hypot(i - centre, j - centre));
      sums.crossRe[r] += fa[at] * fb[at] + fa[at + 1] * fb[at + 1];
      sums.crossIm[r] += fa[at + 1] * fb[at] - fa[at] * fb[at + 1];
      sums.powerA[r] += fa[at] ** 2 + fa[at + 1] ** 2;
      sums.powerB[r] += fb[at] ** 2 + fb[at + 1] ** 2;
      sums.pixels[r]++;
    }
  }
  return sums;
}

/**
 * Correlation at which a ring of n pixels carries this much information per pixel: van Heel & Schatz, eq. 17, with the
 * signal-to-noise ratio of each half S = (2^bits − 1)/2. Half a bit: (0.2071 + 1.9102/√n)/(1.2071 + 0.9102/√n).
 */
export function bitThreshold(bits: number, n: number): number {
  const snr = bitsToSnr(bits);
  const root = Math.sqrt(n);
  return (snr + (2 * Math.sqrt(snr) + 1) / root) / (1 + snr + (2 * Math.sqrt(snr)) / root);
}

/** Signal-to-noise ratio of each half at which both together carry this much information per pixel. */
export const bitsToSnr = (bits: number): number => (2 ** bits - 1) / 2;

/** 0 for a ring without power: nothing correlates with nothing. */
const quotient = (value: number, power: number): number => (power > 0 ? value / power : 0);

/**
 * Rings that do not decide when the next ones are above the threshold: a dozen or two of pixels each, and without the power
 * that the mean and the phase ramp took with them. A Siemens star has hardly any there.
 */
const LOWEST_RINGS = 3;

/**
 * Full period in pixels at the first crossing, linear between rings; null where there is none to cross from. Ring 0 is one
 * pixel and says nothing.
 */
function resolution({ frequency, correlation }: FrcCurve, threshold: readonly number[]): number | null {
  const start = correlation.findIndex((value, r) => r > 0 && value >= threshold[r]);
  if (start < 0 || start > LOWEST_RINGS + 1) return null;
  for (let r = start; r < frequency.length; r++) {
    const below = threshold[r] - correlation[r];
    if (!(below > 0)) continue;
    const above = correlation[r - 1] - threshold[r - 1];
    const crossing = frequency[r - 1] + (frequency[r] - frequency[r - 1]) * (above / (above + below));
    return 1 / crossing;
  }
  return 2;
}
