import { meanAbsoluteError, meanSquaredError } from "../metrics/differences.ts";
import { ringSums } from "../metrics/frc.ts";
import {
  amplitudeImage,
  asComplex,
  type ComplexImage,
  centreCrop,
  crop,
  dataRange,
  type Image,
  mean,
  phaseImage,
} from "../metrics/image.ts";
import { msSsimWeights } from "../metrics/msSsim.ts";
import { ssim } from "../metrics/ssim.ts";
import { taper } from "../metrics/taper.ts";
import { gaussianFilter } from "../numerics/gaussianFilter.ts";
import { matchPhaseRamp } from "./compatAlign.ts";

/**
 * The metrics as PtychoPINN computes them, for numbers that compare with its publications. They differ from this
 * project's own: amplitude and phase are scaled and flattened each on its own instead of one complex gauge, phase wraps
 * count as errors, PSNR has a peak of 255 whatever the range (48.13 dB above a peak of 1), phase SSIM has a range of 2π.
 */
export interface CompatMetrics {
  readonly amplitude: CompatImageMetrics;
  readonly phase: CompatImageMetrics;
}

export interface CompatImageMetrics {
  readonly mae: number;
  readonly mse: number;
  /** Decibels, peak 255. */
  readonly psnr: number;
  readonly ssim: number;
  /** Full SSIM at every scale, decimated without a filter. */
  readonly msSsim: number;
  /** Ring at which the curve falls below 0.5. */
  readonly frc50: number;
  /** Ring at which the curve falls below 1/7. */
  readonly frc17: number;
}

/** Modulus of the ring correlation, ring by ring up to the corners of the largest square in the middle. */
export interface CompatRings {
  readonly frc50: number;
  readonly frc17: number;
  readonly curve: readonly number[];
  /** Side of that square: ring r is r / side cycles per pixel. */
  readonly side: number;
}

/** Ring correlations of what {@link CompatMetrics} compares. */
export interface CompatCurves {
  readonly amplitude: CompatRings;
  readonly phase: CompatRings;
  /** Of the complex images, once their phase ramps are matched and their borders faded out over 10 pixels. */
  readonly complex: CompatRings;
}

export interface CompatOptions {
  /** What is taken from each phase image before comparing: a fitted plane (default) or the mean. */
  readonly phase?: "plane" | "mean";
  /** Pixels cut off on every side. Default 2. */
  readonly trim?: number;
  /** Gaussian smoothing of the ring-correlation curve, in rings. Default 0. */
  readonly frcSigma?: number;
  /** Gaussian smoothing of the amplitudes before MS-SSIM, in pixels. Default 1. */
  readonly msSsimSigma?: number;
}

/** @throws PtychonautError "shape" when the images differ in size or less than 7 pixels a side are left. */
export function compatMetrics(
  reconstruction: ComplexImage,
  reference: ComplexImage,
  options: CompatOptions = {},
): CompatMetrics {
  const { msSsimSigma = 1, frcSigma = 0 } = options;
  const { amplitude, phase } = compatImages(reconstruction, reference, options);
  const smoothed = ({ shape, data }: Image): Image => ({ shape, data: gaussianFilter(data, shape, msSsimSigma) });
  const unit = ({ shape, data }: Image): Image => ({ shape, data: data.map((v) => (v + Math.PI) / (2 * Math.PI)) });
  const { prediction: a, truth: b } = amplitude;
  const [p, q] = [unit(phase.prediction), unit(phase.truth)];
  return {
    amplitude: {
      ...differences(amplitude, frcSigma),
      ssim: ssimOrNaN(a, b, dataRange(b.data)),
      msSsim: decimatedMsSsim(smoothed(a), smoothed(b)),
    },
    phase: {
      ...differences(phase, frcSigma),
      ssim: ssim(p, q, { range: 1 }),
      msSsim: decimatedMsSsim(p, q),
    },
  };
}

/** The ring correlations whole, for plots and tables. @throws PtychonautError "shape" when the images differ in size */
export function compatCurves(
  reconstruction: ComplexImage,
  reference: ComplexImage,
  options: CompatOptions = {},
): CompatCurves {
  const { frcSigma = 0 } = options;
  const { amplitude, phase } = compatImages(reconstruction, reference, options);
  const rings = ({ prediction, truth }: Pair): CompatRings => ringsOf(compatFrc(prediction, truth, frcSigma), truth);
  return {
    amplitude: rings(amplitude),
    phase: rings(phase),
    complex: complexRings(reconstruction, reference, frcSigma),
  };
}

/** Pixels over which the reference system fades out the borders of complex images. */
const taperWidth = 10;

function complexRings(a: ComplexImage, b: ComplexImage, sigma: number): CompatRings {
  const side = Math.min(...a.shape);
  const [first, second] = [centreCrop(a, [side, side]), centreCrop(b, [side, side])];
  return ringsOf(compatFrc(taper(matchPhaseRamp(first, second), taperWidth), taper(second, taperWidth), sigma), first);
}

const ringsOf = (curve: Float64Array, { shape }: Image): CompatRings => ({
  frc50: ringBelow(curve, 0.5),
  frc17: ringBelow(curve, 1 / 7),
  curve: Array.from(curve),
  side: Math.min(...shape),
});

interface Pair {
  readonly prediction: Image;
  readonly truth: Image;
}

/** What is compared: trimmed amplitudes of equal mean, and trimmed phases without their planes or means. */
export function compatImages(
  reconstruction: ComplexImage,
  reference: ComplexImage,
  { phase = "plane", trim = 2 }: CompatOptions = {},
): { readonly amplitude: Pair; readonly phase: Pair; readonly amplitudeScale: number } {
  const trimmed = (image: ComplexImage): ComplexImage => {
    const [height, width] = image.shape;
    return crop(image, { top: trim, left: trim, height: height - 2 * trim, width: width - 2 * trim });
  };
  const [prediction, truth] = [trimmed(reconstruction), trimmed(reference)];
  const [a, b] = [amplitudeImage(prediction), amplitudeImage(truth)];
  const amplitudeScale = mean(b.data) / mean(a.data);
  const flatten = phase === "plane" ? withoutPlane : withoutMean;
  return {
    amplitude: { prediction: { shape: a.shape, data: a.data.map((v) => v * amplitudeScale) }, truth: b },
    phase: { prediction: flatten(phaseImage(prediction)), truth: flatten(phaseImage(truth)) },
    amplitudeScale,
  };
}

function differences({ prediction, truth }: Pair, frcSigma: number): Omit<CompatImageMetrics, "ssim" | "msSsim"> {
  const mse = meanSquaredError(prediction.data, truth.data);
  const curve = compatFrc(prediction, truth, frcSigma);
  return {
    mae: meanAbsoluteError(prediction.data, truth.data),
    mse,
    psnr: 20 * Math.log10(255 / (Math.sqrt(mse) + Number.EPSILON)),
    frc50: ringBelow(curve, 0.5),
    frc17: ringBelow(curve, 1 / 7),
  };
}

/** Modulus of the ring correlation up to the corners of the largest square in the middle, no window. */
export function compatFrc(a: Image | ComplexImage, b: Image | ComplexImage, sigma = 0): Float64Array {
  const side = Math.min(...a.shape);
  const square = (image: Image | ComplexImage): ComplexImage => centreCrop(asComplex(image), [side, side]);
  const { crossRe, crossIm, powerA, powerB } = ringSums(square(a), square(b));
  const curve = crossRe.map((re, r) => Math.hypot(re, crossIm[r]) / Math.sqrt(powerA[r] * powerB[r]));
  return gaussianFilter(curve, [1, curve.length], sigma);
}

/**
 * Threshold curve of the reference system at frequencies r / (side / 2), r = 0 … ⌈side / 2⌉ (the last of an odd side just
 * above 1), of the signal-to-noise parameter `snr`. Its middle terms fall as 1/n, where van Heel & Schatz have 1/√n (`bitThreshold` in frc.ts).
 */
export function compatFrcThreshold(side: number, snr: number): Float64Array {
  return Float64Array.from({ length: Math.ceil(side / 2) + 1 }, (_, r) => {
    const n = r === 0 ? 1 : 2 * Math.PI * r;
    const middle = snr + (2 * Math.sqrt(snr)) / n;
    return (middle + 1 / Math.sqrt(n)) / (middle + 1);
  });
}

/** First ring below the threshold, linear between rings; 0 for ring 0, the number of rings when none is below. */
function ringBelow(curve: Float64Array, threshold: number): number {
  const ring = curve.findIndex((value) => value < threshold);
  if (ring <= 0) return ring === 0 ? 0 : curve.length;
  const [before, after] = [curve[ring - 1], curve[ring]];
  return ring - 1 + (before - threshold) / (before - after);
}

/** Product over scales of the full SSIM to the power of its weight; every second pixel from scale to scale. */
function decimatedMsSsim(a: Image, b: Image): number {
  const range = Math.max(dataRange(a.data), dataRange(b.data));
  let [x, y] = [a, b];
  let product = 1;
  for (const weight of msSsimWeights) {
    if (Math.min(...x.shape) < 7) break;
    const value = ssimOrNaN(x, y, range);
    product *= (value < 0 ? 1e-4 : value) ** weight;
    [x, y] = [everySecond(x), everySecond(y)];
  }
  return product;
}

/** Not a number, as in the reference system, where the images are flat and so without a range. */
const ssimOrNaN = (a: Image, b: Image, range: number): number => (range > 0 ? ssim(a, b, { range }) : Number.NaN);

function everySecond({ shape: [height, width], data }: Image): Image {
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[i * columns + j] = data[2 * i * width + 2 * j];
  return { shape: [rows, columns], data: out };
}

function withoutMean({ shape, data }: Image): Image {
  const average = mean(data);
  return { shape, data: data.map((value) => value - average) };
}

/** Least-squares plane; on a grid its three coefficients are independent once y and x are centred. */
function withoutPlane({ shape, data }: Image): Image {
  const [height, width] = shape;
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  const average = mean(data);
  let [sumY, sumX] = [0, 0];
  data.forEach((value, k) => {
    sumY += value * (Math.floor(k / width) - cy);
    sumX += value * ((k % width) - cx);
  });
  // Σ (i − c)² over one axis of n samples is n (n² − 1) / 12.
  const slopeY = sumY / ((width * height * (height ** 2 - 1)) / 12);
  const slopeX = sumX / ((height * width * (width ** 2 - 1)) / 12);
  return {
    shape,
    data: data.map((value, k) => value - average - slopeY * (Math.floor(k / width) - cy) - slopeX * ((k % width) - cx)),
  };
}
