import type { ComplexArray, RealArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { type CompatMetrics, type CompatOptions, compatMetrics } from "./compat.ts";
import { largestRectangle } from "./coverage.ts";
import { meanAbsoluteError, pearson, psnr, relativeError } from "./differences.ts";
import { type Frc, frc } from "./frc.ts";
import { applyGauge, findGauge, type Gauge, type GaugeOptions } from "./gauge.ts";
import {
  amplitudeImage,
  type ComplexImage,
  complexImage,
  crop,
  dataRange,
  type Image,
  type Rectangle,
} from "./image.ts";
import { msSsim } from "./msSsim.ts";
import { findShift } from "./registration.ts";
import { sampleWindow } from "./resample.ts";
import { ssim } from "./ssim.ts";

export interface EvaluationOptions {
  /**
   * Row and column, in the reference's pixels, of the reconstruction's pixel (0, 0); may be fractional. Needed when the
   * two differ in size. Default [0, 0].
   */
  readonly origin?: readonly [row: number, column: number];
  /** `[height, width]` of the reconstruction, 1 = well covered by the scan. Default: all. */
  readonly mask?: RealArray;
  readonly gauge?: GaugeOptions;
  /** Look for a shift that is left between the two, and take it out where there is a clear one. Default true. */
  readonly register?: boolean;
  /** Largest such shift along either axis, pixels. Default 10. */
  readonly maxShift?: number;
  /** Deviance of the reconstruction's diffraction, from whoever has the patterns; reported as it is. */
  readonly deviance?: number;
  /** Variants of the reference system's metrics. */
  readonly compat?: CompatOptions;
}

/** What `metrics.json` holds. */
export interface Metrics {
  /** ‖g r − t‖ / ‖t‖ of the reconstruction r with its gauge g against the reference t, over the covered pixels. */
  readonly complexError: number;
  readonly amplitude: ImageMetrics;
  readonly phase: ImageMetrics;
  readonly frc: Frc;
  readonly deviance: number | null;
  readonly gauge: RemovedGauge;
  readonly coverage: Coverage;
  readonly compat: CompatMetrics;
}

/**
 * `mae` and `correlation` are over the covered pixels, `psnr` too with the span of the reference there as its peak;
 * `ssim` and `msSsim` over the largest rectangle of covered pixels, with the span of the reference in it as data range.
 */
export interface ImageMetrics {
  readonly mae: number;
  readonly psnr: number;
  readonly ssim: number;
  readonly msSsim: number;
  readonly correlation: number;
}

/** What was taken out of the reconstruction before comparing; the shift comes first. */
export interface RemovedGauge extends Gauge {
  /** Pixels along y and x by which the reconstruction had to move to lie on the reference. */
  readonly shift: readonly [y: number, x: number];
}

export interface Coverage {
  /** Pixels compared. */
  readonly pixels: number;
  /** Of the reconstruction's pixels. */
  readonly fraction: number;
  /** Largest rectangle of them, in the reconstruction's pixels. */
  readonly rectangle: Rectangle;
}

/** Side in pixels of the smallest rectangle that all metrics can work on. */
const smallestSide = 16;

/** A shift of this many pixels or less is not taken out. */
const smallestShift = 0.02;

/** Two images correlate clearly when at least half of what they hold is common. */
const clearCorrelation = 0.5;

/**
 * Compares a reconstruction with a reference. In this order: the reference is brought into the reconstruction's frame by
 * `origin`; the gauge (phase, scale, ramp) is fitted; a remaining shift is found and the gauge fitted again; then
 * everything is measured on what both cover.
 *
 * Phases are compared as angles: the error of a pixel is arg(r conj t), in (−π, π], so a wrap is no error. The phase images
 * for SSIM, PSNR and correlation are arg(t conj m) with m the mean of t, and that plus the error; so they wrap only where
 * the reference itself spans more than 2π.
 *
 * @param reconstruction `[h, w]`
 * @param reference `[H, W]`
 * @throws PtychonautError "shape" or "usage" when sizes or masks do not fit, or too little is covered.
 */
export function evaluateReconstruction(
  reconstruction: ComplexArray,
  reference: ComplexArray,
  options: EvaluationOptions = {},
): Metrics {
  const r = complexImage(reconstruction);
  const t = complexImage(reference);
  const origin = originOf(r, t, options);
  const mask = maskOf(r, options.mask);
  const { register = true, maxShift = 10 } = options;
  const shift = register ? remainingShift(r, t, origin, mask, maxShift, options.gauge) : ([0, 0] as const);
  const { truth, covered } = referenceWindow(t, [origin[0] + shift[0], origin[1] + shift[1]], r, mask);
  const gauge = findGauge(r, truth, options.gauge, covered);
  const aligned = applyGauge(r, gauge);
  const rectangle = coveredRectangle(covered, r);
  const pixels = covered.reduce((sum, value) => sum + value, 0);
  return {
    complexError: relativeError(select(aligned, covered), select(truth, covered)),
    amplitude: compareImages(amplitudeImage(aligned), amplitudeImage(truth), covered, rectangle),
    phase: compareImages(...phaseImages(aligned, truth, covered), covered, rectangle),
    frc: frc(crop(aligned, rectangle), crop(truth, rectangle)),
    deviance: options.deviance ?? null,
    gauge: { ...gauge, shift },
    coverage: { pixels, fraction: pixels / covered.length, rectangle },
    compat: compatMetrics(crop(r, rectangle), crop(truth, rectangle), options.compat),
  };
}

function originOf(r: ComplexImage, t: ComplexImage, { origin }: EvaluationOptions): readonly [number, number] {
  if (origin !== undefined) return origin;
  if (r.shape[0] === t.shape[0] && r.shape[1] === t.shape[1]) return [0, 0];
  throw new PtychonautError("usage", "reconstruction and reference differ in size and nothing says how they lie", {
    expected: `a reconstruction of [${t.shape.join(", ")}]`,
    got: `[${r.shape.join(", ")}]`,
    fix: "give the origin: row and column of the reconstruction's first pixel in the reference",
  });
}

function maskOf(r: ComplexImage, mask: RealArray | undefined): Uint8Array {
  if (mask === undefined) return new Uint8Array(r.data.length / 2).fill(1);
  if (mask.shape.length !== 2 || mask.shape[0] !== r.shape[0] || mask.shape[1] !== r.shape[1]) {
    throw new PtychonautError("shape", "the coverage mask does not fit the reconstruction", {
      expected: `[${r.shape.join(", ")}]`,
      got: `[${mask.shape.join(", ")}]`,
    });
  }
  return Uint8Array.from(mask.data, (value) => (value === 0 ? 0 : 1));
}

/** The reference in the reconstruction's frame, and the pixels that both have. */
function referenceWindow(
  t: ComplexImage,
  origin: readonly [number, number],
  r: ComplexImage,
  mask: Uint8Array,
): { truth: ComplexImage; covered: Uint8Array } {
  const { image, inside } = sampleWindow(t, origin, r.shape);
  return { truth: image, covered: mask.map((value, i) => value & inside[i]) };
}

function coveredRectangle(covered: Uint8Array, r: ComplexImage): Rectangle {
  const rectangle = largestRectangle(covered, r.shape);
  if (Math.min(rectangle.height, rectangle.width) >= smallestSide) return rectangle;
  throw new PtychonautError("usage", "too little is covered for a comparison", {
    expected: `a rectangle of at least ${smallestSide} × ${smallestSide} covered pixels`,
    got: `${rectangle.height} × ${rectangle.width}`,
  });
}

/**
 * The shift that brings r onto t, or none where there is no clear one: images that hardly correlate at their best place
 * have none, and a shift that noise alone can make is not worth an interpolation. Gauge and shift depend on each other a
 * little; the second round sees images that already lie on each other.
 */
function remainingShift(
  r: ComplexImage,
  t: ComplexImage,
  origin: readonly [number, number],
  mask: Uint8Array,
  maxShift: number,
  gaugeOptions: GaugeOptions | undefined,
): readonly [number, number] {
  let shift: readonly [number, number] = [0, 0];
  for (let round = 0; round < 2; round++) {
    const { truth, covered } = referenceWindow(t, [origin[0] + shift[0], origin[1] + shift[1]], r, mask);
    const rectangle = coveredRectangle(covered, r);
    const aligned = applyGauge(r, findGauge(r, truth, gaugeOptions, covered));
    const taper = Math.min(rectangle.height, rectangle.width) / 8;
    const more = findShift(crop(aligned, rectangle), crop(truth, rectangle), { taper, maxShift });
    if (more.correlation < clearCorrelation) return [0, 0];
    shift = [shift[0] + more.shift[0], shift[1] + more.shift[1]];
  }
  return Math.hypot(...shift) < smallestShift ? [0, 0] : shift;
}

/** Phases of the reconstruction and the reference on one branch; see {@link evaluateReconstruction}. */
function phaseImages(r: ComplexImage, t: ComplexImage, covered: Uint8Array): [Image, Image] {
  const centre = [0, 0];
  covered.forEach((valid, i) => {
    if (valid === 0) return;
    centre[0] += t.data[2 * i];
    centre[1] += t.data[2 * i + 1];
  });
  const middle = Math.atan2(centre[1], centre[0]);
  const [c, s] = [Math.cos(middle), Math.sin(middle)];
  const truth = new Float64Array(covered.length);
  const phase = new Float64Array(covered.length);
  for (let i = 0; i < covered.length; i++) {
    const [rr, ri, tr, ti] = [r.data[2 * i], r.data[2 * i + 1], t.data[2 * i], t.data[2 * i + 1]];
    truth[i] = Math.atan2(ti * c - tr * s, tr * c + ti * s);
    phase[i] = truth[i] + Math.atan2(ri * tr - rr * ti, rr * tr + ri * ti);
  }
  return [
    { shape: t.shape, data: phase },
    { shape: t.shape, data: truth },
  ];
}

function compareImages(image: Image, truth: Image, covered: Uint8Array, rectangle: Rectangle): ImageMetrics {
  const valid = (_: number, i: number): boolean => covered[i] === 1;
  const [a, b] = [image.data.filter(valid), truth.data.filter(valid)];
  const [x, y] = [crop(image, rectangle), crop(truth, rectangle)];
  const range = spanOf(y.data);
  return {
    mae: meanAbsoluteError(a, b),
    psnr: psnr(a, b, spanOf(b)),
    ssim: ssim(x, y, { range }),
    msSsim: msSsim(x, y, range),
    correlation: pearson(a, b),
  };
}

/** A flat reference has no span of its own (a pure phase object's amplitude): then its level, 1 for phases about 0, is the scale. */
function spanOf(data: Float64Array): number {
  const range = dataRange(data);
  const level = Math.abs(data[0]);
  return range > 1e-6 * Math.max(level, 1e-6) ? range : level > 1e-6 ? level : 1;
}

/** Interleaved values of the covered pixels. */
function select(image: ComplexImage, covered: Uint8Array): Float64Array {
  return image.data.filter((_, i) => covered[i >> 1] === 1);
}
