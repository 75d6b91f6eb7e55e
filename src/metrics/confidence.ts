import { fadingGaussianFilter } from "../numerics/gaussianFilter.ts";
import type { ComplexImage } from "./image.ts";

export interface ConfidenceOptions {
  /** Standard deviation of the Gaussian window in which disagreement is averaged, pixels. Default {@link WINDOW}. */
  readonly window?: number;
  /** Factor from what is seen to the expected error. Default {@link CALIBRATION}. */
  readonly calibration?: number;
  /** Default "each other". */
  readonly against?: Against;
}

/**
 * What shows errors: how the halves differ from "each other", of an object that was made as they were; or how their mean
 * differs from the "whole", of an object that was made otherwise, whose own errors they do not share.
 */
export type Against = "each other" | "whole";

/** What is to be judged, all on the same pixels. */
export interface Halves {
  /** From all data. */
  readonly object: ComplexImage;
  /** From either half of the data, with phase, ramp, scale and shift as in `object`. */
  readonly halves: readonly [ComplexImage, ComplexImage];
  /** `[y, x]`, 1 where all three are known. */
  readonly known: ArrayLike<number>;
  /** `[y, x]`: photons that all frames together sent through each pixel if it were 1; absent where nobody knows. */
  readonly photons?: ArrayLike<number>;
}

/** Expected errors of each pixel, as standard deviations; NaN where nothing is known. */
export interface Confidence {
  /** `[y, x]`, in the object's unit. */
  readonly amplitude: Float64Array;
  /** `[y, x]`, radians, at most that of a phase that is any. */
  readonly phase: Float64Array;
}

/** Wide enough to average over a hundred pixels, narrow enough to follow the edge of what is lit. */
export const WINDOW = 3;

/** RMS true error over what is seen, which is not what all have wrong alike: see docs/trust.md. */
export const CALIBRATION = 1.1;

/** Standard deviation of a phase of which nothing is known: it is uniform on a circle. */
export const ANY_PHASE: number = Math.PI / Math.sqrt(3);

/**
 * The error to be expected of each pixel, from how two reconstructions from half of the data each differ. Independent errors
 * of variance 2 s² in the halves leave s² in the whole, and 4 s² in their difference: s is half of that. The difference is
 * taken along the object's own phase, which is an error of amplitude, and across, which over the amplitude is one of phase,
 * and its square is averaged in a window, so that a pixel where both agree by luck is no surer than its neighbours. Nothing
 * is surer than its photons allow.
 *
 * Of an object that was made otherwise than its halves their mean is as good as one from all data: its distance from the
 * object has the object's error, and its own, in both parts.
 */
export function confidenceOf(
  { object, halves: [a, b], known, photons }: Halves,
  { window = WINDOW, calibration = CALIBRATION, against = "each other" }: ConfidenceOptions = {},
): Confidence {
  const { shape, data } = object;
  const count = shape[0] * shape[1];
  const [along, across] = [new Float64Array(count), new Float64Array(count)];
  const mask = Uint8Array.from(known, (value) => (value === 0 ? 0 : 1));
  const seen = (i: number): number =>
    against === "whole" ? (a.data[i] + b.data[i]) / 2 - data[i] : (a.data[i] - b.data[i]) / 2;
  for (let k = 0; k < count; k++) {
    if (mask[k] === 0) continue;
    const [re, im] = [data[2 * k], data[2 * k + 1]];
    const amplitude = Math.hypot(re, im);
    const [c, s] = amplitude > 0 ? [re / amplitude, im / amplitude] : [1, 0];
    const [dx, dy] = [seen(2 * k), seen(2 * k + 1)];
    along[k] = (c * dx + s * dy) ** 2;
    across[k] = (c * dy - s * dx) ** 2;
  }
  const weight = fadingGaussianFilter(mask, shape, window);
  const [radial, tangential] = [along, across].map((squares) =>
    fadingGaussianFilter(squares, shape, window).map((sum, k) => sum / weight[k]),
  );
  const sigma = (variance: number, k: number): number =>
    Math.sqrt(Math.max(calibration ** 2 * variance, photons === undefined ? 0 : countingVariance(photons[k])));
  return {
    amplitude: radial.map((variance, k) => (mask[k] === 0 ? Number.NaN : sigma(variance, k))),
    phase: tangential.map((variance, k) => {
      if (mask[k] === 0) return Number.NaN;
      const amplitude = Math.hypot(data[2 * k], data[2 * k + 1]);
      return Math.min(ANY_PHASE, sigma(variance, k) / Math.max(amplitude, Number.MIN_VALUE));
    }),
  };
}

/**
 * Variance that counting leaves in either part of a pixel of transmission 1, at the least: an amplitude of n photons, and a
 * phase times it, are known to half a photon's root, 1 / (2 √n), however they are measured.
 */
const countingVariance = (photons: number): number => 1 / (4 * photons);
