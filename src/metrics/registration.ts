import { planFft2 } from "../numerics/fft.ts";
import { type ComplexImage, requireSameShape, withoutMean } from "./image.ts";
import { spectralPeak, spectralSum } from "./spectralPeak.ts";
import { taper } from "./taper.ts";

export interface RegistrationOptions {
  /** Give every frequency the same weight (phase correlation): sharper, but noise counts as much as structure. Default false. */
  readonly whiten?: boolean;
  /** Width in pixels over which both images fade out at the border, so that opposite borders do not meet. Default 0. */
  readonly taper?: number;
  /** Largest shift looked for along either axis, pixels. Default: any. */
  readonly maxShift?: number;
}

export interface Registration {
  /** Pixels along y and x that move `moving` onto `reference`. */
  readonly shift: readonly [y: number, x: number];
  /** Correlation of the two once moved: 0 … 1, 1 for a pure shift. */
  readonly correlation: number;
}

/**
 * The shift (y, x) in pixels that moves `moving` onto `reference`, from the peak of their cross correlation, found in
 * frequency space to a small fraction of a pixel (after Guizar-Sicairos, Thurman & Fienup, Opt. Lett. 33, 156 (2008), with
 * Newton's method in place of an upsampled grid). Complex images: a constant phase between them does not matter.
 *
 * @throws PtychonautError "shape" when the images differ in size.
 */
export function findShift(
  moving: ComplexImage,
  reference: ComplexImage,
  { whiten = false, taper: width = 0, maxShift = Number.POSITIVE_INFINITY }: RegistrationOptions = {},
): Registration {
  requireSameShape(moving, reference);
  const fft = planFft2(reference.shape);
  const spectrum = (image: ComplexImage): Float64Array =>
    fft.forward(width > 0 ? taper(withoutMean(image), width).data : image.data);
  const [a, b] = [spectrum(moving), spectrum(reference)];
  const cross = new Float64Array(a.length);
  let [energyA, energyB] = [0, 0];
  for (let i = 0; i < a.length; i += 2) {
    const re = b[i] * a[i] + b[i + 1] * a[i + 1];
    const im = b[i + 1] * a[i] - b[i] * a[i + 1];
    const [powerA, powerB] = [a[i] ** 2 + a[i + 1] ** 2, b[i] ** 2 + b[i + 1] ** 2];
    const weight = whiten ? 1 / Math.max(Math.sqrt(powerA * powerB), Number.MIN_VALUE) : 1;
    cross[i] = weight * re;
    cross[i + 1] = weight * im;
    energyA += whiten ? 1 : powerA;
    energyB += whiten ? 1 : powerB;
  }
  const product: ComplexImage = { shape: reference.shape, data: cross };
  const peak = spectralPeak(product, maxShift);
  const norm = Math.sqrt(energyA * energyB);
  // 0 − k rather than −k: no shift is +0.
  return {
    shift: [0 - peak[0], 0 - peak[1]],
    correlation: norm > 0 ? Math.hypot(...spectralSum(product, peak)) / norm : 0,
  };
}
