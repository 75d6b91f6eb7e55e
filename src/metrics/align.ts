import type { ComplexArray, RealArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { largestRectangle } from "./coverage.ts";
import { applyGauge, clearlyBetter, findGauge, type Gauge, type GaugeOptions } from "./gauge.ts";
import { type ComplexImage, complexImage, crop, type Rectangle } from "./image.ts";
import { knownPixels } from "./known.ts";
import { isClear, locate, locationStep } from "./locate.ts";
import { conjugated, turned } from "./orientation.ts";
import { findShift } from "./registration.ts";
import { sampleMask, sampleWindow } from "./resample.ts";

export interface AlignmentOptions {
  /**
   * Row and column, in the reference's pixels, of the reconstruction's pixel (0, 0); may be fractional. Needed when the
   * two differ in size, unless `locate` is on. Default [0, 0].
   */
  readonly origin?: readonly [row: number, column: number];
  /** `[height, width]` of the reconstruction, 1 = well covered by the scan. Default: all but a margin without amplitude. */
  readonly mask?: RealArray;
  /** The same of the reference. */
  readonly referenceMask?: RealArray;
  readonly gauge?: GaugeOptions;
  /**
   * Look for the reconstruction's place all over the reference. Where no place is clear, `origin` holds, or the middles
   * are laid on each other where there is none. Default false.
   */
  readonly locate?: boolean;
  /**
   * Also try the twin conj O(−r), turned by 180°, which makes the same patterns with a twin probe at mirrored positions;
   * it is taken where its place is clear, hardly less is compared, and it fits clearly better. Default false.
   */
  readonly twin?: boolean;
  /** Look for a shift that is left between the two, and take it out where there is a clear one. Default true. */
  readonly register?: boolean;
  /** Largest such shift along either axis, pixels. Default 10. */
  readonly maxShift?: number;
}

/** What was taken out of the reconstruction before comparing; turning and the shift come first. */
export interface RemovedGauge extends Gauge {
  /** Pixels along y and x by which the reconstruction had to move to lie on the reference, from `placement`. */
  readonly shift: readonly [y: number, x: number];
  /** It was turned by 180°. */
  readonly turned: boolean;
  /** Where it was laid first: where its origin says, where it was found, or middle on middle for want of either. */
  readonly placement: "stated" | "found" | "middle";
  /** Row and column of the reference under its pixel (0, 0), after turning and shift. */
  readonly origin: readonly [row: number, column: number];
}

/** A reconstruction and a reference brought to one frame: the reconstruction's. */
export interface Alignment {
  /** The reconstruction, turned where that is in the gauge, and the same with the gauge removed. */
  readonly source: ComplexImage;
  readonly aligned: ComplexImage;
  /** The reference under it, and where that is without the shift. */
  readonly truth: ComplexImage;
  readonly truthBeforeShift: ComplexImage;
  /** Row-major, 1 where both are known. */
  readonly covered: Uint8Array;
  readonly gauge: RemovedGauge;
}

/** Side in pixels of the smallest rectangle that all metrics can work on. */
const smallestSide = 16;

/** A shift of this many pixels or less is not taken out. */
const smallestShift = 0.02;

/** Two images correlate clearly when at least half of what they hold is common. */
const clearCorrelation = 0.5;

/** The twin must be compared on this part of the upright image's pixels: less area always fits better. */
const sameArea = 0.9;

/**
 * Brings a reconstruction onto a reference. In this order: the reference is brought into the reconstruction's frame by the
 * place; the gauge (phase, scale, ramp) is fitted; a remaining shift is found and the gauge fitted again.
 *
 * @param reconstruction `[h, w]`
 * @param reference `[H, W]`
 * @throws PtychonautError "shape" or "usage" when sizes or masks do not fit, or too little is covered.
 */
export function align(
  reconstruction: ComplexArray,
  reference: ComplexArray,
  options: AlignmentOptions = {},
): Alignment {
  const r: Masked = masked(complexImage(reconstruction), options.mask, "reconstruction");
  const t: Masked = masked(complexImage(reference), options.referenceMask, "reference");
  requireAmplitude(t);
  const upright = alignAt(r, t, placeOf(r, t, options), options);
  const twin = options.twin === true ? alignTwin(r, t, options) : undefined;
  if (twin === undefined || pixelsOf(twin) < sameArea * pixelsOf(upright)) return upright;
  return 1 - agreement(twin) < clearlyBetter * (1 - agreement(upright)) ? twin : upright;
}

/** The same alignment with the gauge fitted over fewer pixels: those where `keep` is 1 too. */
export function restricted(alignment: Alignment, keep: Uint8Array, options?: GaugeOptions): Alignment {
  const { source, truth } = alignment;
  const covered = alignment.covered.map((value, i) => value & keep[i]);
  coveredRectangle(covered, source.shape);
  const { conjugated: conjugate } = alignment.gauge;
  const fitted = findGauge(conjugate ? conjugated(source) : source, truth, { ...options, conjugate: false }, covered);
  const gauge = { ...alignment.gauge, ...fitted, conjugated: conjugate };
  return { ...alignment, covered, gauge, aligned: applyGauge(source, gauge) };
}

/** Whether a rectangle of covered pixels is large enough for all metrics. */
export function hasEnough(covered: Uint8Array, shape: readonly [number, number]): boolean {
  if (!covered.includes(1)) return false;
  const { height, width } = largestRectangle(covered, shape);
  return Math.min(height, width) >= smallestSide;
}

/** The largest rectangle of covered pixels. @throws PtychonautError "usage" when it is too small for the metrics */
export function coveredRectangle(covered: Uint8Array, shape: readonly [number, number]): Rectangle {
  const rectangle = largestRectangle(covered, shape);
  if (Math.min(rectangle.height, rectangle.width) >= smallestSide) return rectangle;
  throw new PtychonautError("usage", "too little is covered for a comparison", {
    expected: `a rectangle of at least ${smallestSide} × ${smallestSide} covered pixels`,
    got: `${rectangle.height} × ${rectangle.width}`,
  });
}

interface Masked {
  readonly image: ComplexImage;
  readonly mask: Uint8Array;
}

interface Placed {
  readonly origin: readonly [number, number];
  readonly placement: RemovedGauge["placement"];
}

function masked(image: ComplexImage, mask: RealArray | undefined, whose: string): Masked {
  const known = knownPixels(image, mask, whose);
  // An unknown NaN would spread through every transform.
  const data = image.data.map((value) => (Number.isFinite(value) ? value : 0));
  return { image: { ...image, data }, mask: known };
}

/** @throws PtychonautError "data" when nothing could be compared with it */
function requireAmplitude({ image, mask }: Masked): void {
  if (image.data.some((value, i) => value !== 0 && mask[i >> 1] === 1)) return;
  throw new PtychonautError("data", "the reference has no amplitude anywhere, so nothing can be compared with it", {
    expected: "a complex object",
    got: "zeros",
  });
}

function placeOf(r: Masked, t: Masked, { origin, locate: wanted, gauge }: AlignmentOptions): Placed {
  if (wanted === true) {
    const found = gauge?.conjugate === true ? [r, { ...r, image: conjugated(r.image) }] : [r];
    const best = found.map((moving) => locate(moving, t)).reduce((a, b) => (b.score > a.score ? b : a));
    if (isClear(best)) return { origin: best.origin, placement: "found" };
  }
  const [height, width] = t.image.shape;
  if (origin !== undefined) return { origin, placement: "stated" };
  if (r.image.shape[0] === height && r.image.shape[1] === width) return { origin: [0, 0], placement: "stated" };
  if (wanted === true) {
    const middle = (axis: 0 | 1): number => Math.floor((t.image.shape[axis] - r.image.shape[axis]) / 2);
    return { origin: [middle(0), middle(1)], placement: "middle" };
  }
  throw new PtychonautError("usage", "reconstruction and reference differ in size and nothing says how they lie", {
    expected: `a reconstruction of [${height}, ${width}]`,
    got: `[${r.image.shape.join(", ")}]`,
    fix: "give the origin: row and column of the reconstruction's first pixel in the reference; or let it be located",
  });
}

/** Turning moves the origin to where the scan's mirrored frame has it, which nothing says: the place must be found. */
function alignTwin(r: Masked, t: Masked, options: AlignmentOptions): Alignment | undefined {
  const image = turned(r.image);
  const moving = { image: conjugated(image), mask: r.mask.slice().reverse() };
  const place = locate(moving, t);
  if (!isClear(place)) return undefined;
  const { covered } = referenceWindow(t, place.origin, moving);
  if (!hasEnough(covered, image.shape)) return undefined;
  const gauge = { ...options.gauge, conjugate: false };
  const found = alignAt(moving, t, { origin: place.origin, placement: "found" }, { ...options, gauge });
  return { ...found, source: image, gauge: { ...found.gauge, conjugated: true, turned: true } };
}

function alignAt(r: Masked, t: Masked, place: Placed, options: AlignmentOptions): Alignment {
  const { register = true, maxShift = 10 } = options;
  const found = place.placement === "found";
  // What was found is good to a block, whatever shift is allowed beyond what was stated.
  const reach = found ? Math.max(maxShift, 2 * locationStep(r.image, t.image)) : maxShift;
  const shift = register || found ? remainingShift(r, t, place.origin, reach, options.gauge) : ([0, 0] as const);
  const origin = [place.origin[0] + shift[0], place.origin[1] + shift[1]] as const;
  const { truth, covered } = referenceWindow(t, origin, r);
  const gauge = findGauge(r.image, truth, options.gauge, covered);
  const moved = shift[0] !== 0 || shift[1] !== 0;
  return {
    source: r.image,
    aligned: applyGauge(r.image, gauge),
    truth,
    truthBeforeShift: moved ? referenceWindow(t, place.origin, r).truth : truth,
    covered,
    gauge: { ...gauge, shift, turned: false, placement: place.placement, origin },
  };
}

/** The reference in the reconstruction's frame, and the pixels that both have. */
function referenceWindow(
  t: Masked,
  origin: readonly [number, number],
  r: Masked,
): { truth: ComplexImage; covered: Uint8Array } {
  const known = sampleMask(t.mask, t.image.shape, origin, r.image.shape);
  return {
    truth: sampleWindow(t.image, origin, r.image.shape).image,
    covered: r.mask.map((value, i) => value & known[i]),
  };
}

/**
 * The shift that brings r onto t, or none where there is no clear one: images that hardly correlate at their best place
 * have none, and a shift that noise alone can make is not worth an interpolation. Gauge and shift depend on each other a
 * little; the second round sees images that already lie on each other.
 */
function remainingShift(
  r: Masked,
  t: Masked,
  origin: readonly [number, number],
  maxShift: number,
  gaugeOptions: GaugeOptions | undefined,
): readonly [number, number] {
  let shift: readonly [number, number] = [0, 0];
  for (let round = 0; round < 2; round++) {
    const { truth, covered } = referenceWindow(t, [origin[0] + shift[0], origin[1] + shift[1]], r);
    // The first step may not lead to where hardly anything is left to compare.
    if (round > 0 && !hasEnough(covered, r.image.shape)) return [0, 0];
    const rectangle = coveredRectangle(covered, r.image.shape);
    const aligned = applyGauge(r.image, findGauge(r.image, truth, gaugeOptions, covered));
    const taper = Math.min(rectangle.height, rectangle.width) / 8;
    const more = findShift(crop(aligned, rectangle), crop(truth, rectangle), { taper, maxShift });
    if (more.correlation < clearCorrelation) return [0, 0];
    shift = [shift[0] + more.shift[0], shift[1] + more.shift[1]];
    if (Math.max(...shift.map(Math.abs)) > maxShift + 1) return [0, 0];
  }
  return Math.hypot(...shift) < smallestShift ? [0, 0] : shift;
}

const pixelsOf = ({ covered }: Alignment): number => covered.reduce((sum, value) => sum + value, 0);

/** Squared complex correlation over the covered pixels, 0 … 1. */
function agreement({ aligned, truth, covered }: Alignment): number {
  let [re, im, energy, norm] = [0, 0, 0, 0];
  for (let k = 0; k < covered.length; k++) {
    if (covered[k] === 0) continue;
    const [ar, ai, br, bi] = [aligned.data[2 * k], aligned.data[2 * k + 1], truth.data[2 * k], truth.data[2 * k + 1]];
    re += ar * br + ai * bi;
    im += ai * br - ar * bi;
    energy += ar * ar + ai * ai;
    norm += br * br + bi * bi;
  }
  return energy * norm > 0 ? (re * re + im * im) / (energy * norm) : 0;
}
