import { type ComplexImage, requireSameShape } from "./image.ts";
import { conjugated } from "./orientation.ts";
import { spectralPeak, spectralSum } from "./spectralPeak.ts";

/**
 * What diffraction cannot tell, and a comparison must take out first. The reconstruction r becomes
 *
 *   scale · exp(i [phase + ramp · (u − c)]) · r(u),   c = (⌊h/2⌋, ⌊w/2⌋),   r conjugated first where `conjugated`.
 */
export interface Gauge {
  readonly scale: number;
  /** Radians. */
  readonly phase: number;
  /** Radians per pixel along y and x. */
  readonly ramp: readonly [y: number, x: number];
  /** The reconstruction has the opposite sign of phase (the other convention for waves, or a twin). */
  readonly conjugated: boolean;
}

export interface GaugeOptions {
  /** Fit the amplitude scale. Default true. */
  readonly scale?: boolean;
  /** Fit a phase ramp: a probe off by a tilt leaves one. Default true. */
  readonly ramp?: boolean;
  /** Also try the complex conjugate, and take it where it fits clearly better. Default false. */
  readonly conjugate?: boolean;
}

/** Another orientation must leave less than this part of the error: flat objects fit about equally well in all. */
export const clearlyBetter = 0.8;

/**
 * The gauge that brings a reconstruction closest to a reference in the least-squares sense, over the pixels with mask 1
 * (all without a mask).
 *
 * @param mask row-major, same size as the images
 * @throws PtychonautError "shape" when the images differ in size.
 */
export function findGauge(
  reconstruction: ComplexImage,
  reference: ComplexImage,
  { scale = true, ramp = true, conjugate = false }: GaugeOptions = {},
  mask?: ArrayLike<number>,
): Gauge {
  requireSameShape(reconstruction, reference);
  const plain = leastSquares(reconstruction, reference, ramp, mask);
  const mirrored = conjugate ? leastSquares(conjugated(reconstruction), reference, ramp, mask) : undefined;
  const better = mirrored !== undefined && errorOf(mirrored) < clearlyBetter * errorOf(plain) ? mirrored : plain;
  return {
    scale: !scale ? 1 : better.energy > 0 ? better.overlap / better.energy : 0,
    phase: better.phase,
    ramp: better.ramp,
    conjugated: better === mirrored,
  };
}

export function applyGauge(image: ComplexImage, gauge: Gauge): ComplexImage {
  const source = gauge.conjugated ? conjugated(image) : image;
  const [height, width] = image.shape;
  const [cy, cx] = [Math.floor(height / 2), Math.floor(width / 2)];
  const data = new Float64Array(image.data.length);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const angle = gauge.phase + gauge.ramp[0] * (i - cy) + gauge.ramp[1] * (j - cx);
      const [c, s] = [gauge.scale * Math.cos(angle), gauge.scale * Math.sin(angle)];
      const at = 2 * (i * width + j);
      data[at] = source.data[at] * c - source.data[at + 1] * s;
      data[at + 1] = source.data[at] * s + source.data[at + 1] * c;
    }
  }
  return { shape: image.shape, data };
}

interface Fit {
  readonly ramp: readonly [y: number, x: number];
  readonly phase: number;
  /** |Σ reference conj(reconstruction)| after the ramp. */
  readonly overlap: number;
  /** Σ |reconstruction|² and Σ |reference|². */
  readonly energy: number;
  readonly norm: number;
}

/** Part of the reference that the reconstruction does not explain at its best scale: 1 less the squared correlation. */
const errorOf = ({ overlap, energy, norm }: Fit): number =>
  energy > 0 && norm > 0 ? 1 - overlap ** 2 / (energy * norm) : 1;

function leastSquares(
  reconstruction: ComplexImage,
  reference: ComplexImage,
  withRamp: boolean,
  mask: ArrayLike<number> | undefined,
): Fit {
  const [height, width] = reference.shape;
  const [a, b] = [reconstruction.data, reference.data];
  const product = new Float64Array(a.length);
  let [energy, norm] = [0, 0];
  for (let i = 0; i < a.length; i += 2) {
    if (mask !== undefined && mask[i >> 1] === 0) continue;
    product[i] = b[i] * a[i] + b[i + 1] * a[i + 1];
    product[i + 1] = b[i + 1] * a[i] - b[i] * a[i + 1];
    energy += a[i] ** 2 + a[i + 1] ** 2;
    norm += b[i] ** 2 + b[i + 1] ** 2;
  }
  const g: ComplexImage = { shape: reference.shape, data: product };
  const peak = withRamp ? spectralPeak(g) : ([0, 0] as const);
  const ramp = [(2 * Math.PI * peak[0]) / height, (2 * Math.PI * peak[1]) / width] as const;
  const [re, im] = spectralSum(g, peak);
  return { ramp, phase: Math.atan2(im, re), overlap: Math.hypot(re, im), energy, norm };
}
