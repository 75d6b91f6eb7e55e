import type { ComplexArray } from "../arrays.ts";
import {
  type CompatCurves,
  type CompatMetrics,
  type CompatOptions,
  compatCurves,
  compatMetrics,
} from "../reference/compat.ts";
import { compatShift } from "../reference/compatAlign.ts";
import { type Alignment, type AlignmentOptions, align, coveredRectangle, type RemovedGauge } from "./align.ts";
import { meanAbsoluteError, meanSquaredError, pearson, psnr, relativeError } from "./differences.ts";
import { type Frc, frc } from "./frc.ts";
import { amplitudeImage, type ComplexImage, crop, dataRange, type Image, type Rectangle } from "./image.ts";
import { withAmplitude } from "./known.ts";
import { msSsim } from "./msSsim.ts";
import { conjugated } from "./orientation.ts";
import { ssim } from "./ssim.ts";

export interface EvaluationOptions extends AlignmentOptions {
  /** Pixels over which images fade out at each border before the ring correlation. Default an eighth of the side. */
  readonly taper?: number;
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
  readonly compat: CompatMetrics & {
    readonly rings: CompatCurves;
    /** Pixels along y and x as the reference system's registration finds them, before any shift; not applied. */
    readonly shift: readonly [y: number, x: number];
  };
}

/**
 * `mae`, `mse`, `psnr` and `correlation` are over the covered pixels, `peak` being the peak of `psnr`, which is the span
 * of the reference there; `ssim` and `msSsim` over the largest rectangle of covered pixels, with the span of the reference in it as data range.
 */
export interface ImageMetrics {
  readonly mae: number;
  readonly mse: number;
  readonly psnr: number;
  readonly peak: number;
  readonly ssim: number;
  readonly msSsim: number;
  readonly correlation: number;
}

export interface Coverage {
  /** Pixels compared. */
  readonly pixels: number;
  /** Of the reconstruction's pixels. */
  readonly fraction: number;
  /** Largest rectangle of them, in the reconstruction's pixels. */
  readonly rectangle: Rectangle;
}

/**
 * Compares a reconstruction with a reference: brings them to one frame (`align`), then measures on what both cover.
 *
 * Phases are compared as angles: the error of a pixel is arg(r conj t), in (−π, π], so a wrap is no error. The phase images
 * for SSIM, PSNR and correlation are arg(t conj m) with m the mean of t, and that plus the error; so they wrap only where
 * the reference itself spans more than 2π. Margins without amplitude are not covered (`align`); a pixel without
 * amplitude inside has the phase of m.
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
  return measure(align(reconstruction, reference, options), options);
}

/** The numbers of an alignment, over its covered pixels. */
export function measure(alignment: Alignment, options: EvaluationOptions = {}): Metrics {
  const { source, aligned, truth, truthBeforeShift, covered, gauge } = alignment;
  const rectangle = coveredRectangle(covered, source.shape);
  const pixels = covered.reduce((sum, value) => sum + value, 0);
  const taper = options.taper === undefined ? {} : { taper: options.taper };
  const cut = (image: ComplexImage): ComplexImage => crop(image, rectangle);
  const seen = cut(gauge.conjugated ? conjugated(source) : source);
  return {
    complexError: relativeError(select(aligned, covered), select(truth, covered)),
    amplitude: compareImages(amplitudeImage(aligned), amplitudeImage(truth), covered, rectangle),
    phase: compareImages(...phaseImages(aligned, truth, covered), covered, rectangle),
    frc: frc(cut(aligned), cut(truth), taper),
    deviance: options.deviance ?? null,
    gauge,
    coverage: { pixels, fraction: pixels / covered.length, rectangle },
    compat: {
      ...compatMetrics(seen, cut(truth), options.compat),
      rings: compatCurves(seen, cut(truth), options.compat),
      shift: compatShift(cut(source), cut(truthBeforeShift)),
    },
  };
}

/**
 * Phases of the reconstruction and the reference on one branch; see {@link evaluateReconstruction}. A pixel without
 * amplitude has no phase of its own: it counts as flat, at the phase of the reference's mean.
 */
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
  const [bright, brightTruth] = [withAmplitude(r, covered), withAmplitude(t, covered)];
  for (let i = 0; i < covered.length; i++) {
    const [rr, ri, tr, ti] = [r.data[2 * i], r.data[2 * i + 1], t.data[2 * i], t.data[2 * i + 1]];
    const [own, seen] = [brightTruth[i] === 1, bright[i] === 1];
    truth[i] = own ? Math.atan2(ti * c - tr * s, tr * c + ti * s) : 0;
    if (!seen) continue;
    phase[i] = own
      ? truth[i] + Math.atan2(ri * tr - rr * ti, rr * tr + ri * ti)
      : Math.atan2(ri * c - rr * s, rr * c + ri * s);
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
  const peak = spanOf(b);
  return {
    mae: meanAbsoluteError(a, b),
    mse: meanSquaredError(a, b),
    psnr: psnr(a, b, peak),
    peak,
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
