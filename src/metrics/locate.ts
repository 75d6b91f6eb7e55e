import { type Fft2, planFft2 } from "../numerics/fft.ts";
import type { ComplexImage } from "./image.ts";

/** Where an image lies in another, and how well it fits there. */
export interface Place {
  /** Row and column, in the reference's pixels, of the image's pixel (0, 0); good to about `locationStep` pixels. */
  readonly origin: readonly [row: number, column: number];
  /** Normalised correlation at that place, 0 … 1. */
  readonly score: number;
  /** The best correlation at a place that has nothing to do with this one, 0 … 1. */
  readonly rival: number;
}

/** A complex image with its known pixels: `mask` 0 = unknown, row-major. */
export interface MaskedImage {
  readonly image: ComplexImage;
  readonly mask: ArrayLike<number>;
}

/** Distance in pixels over which values are compared. Two, since neighbours share much of their noise. */
const lag = 2;

/** Longest side of the images that are correlated; larger ones are averaged over blocks. */
const largestSide = 384;

/** Places count where at least this part of the smaller image's known pixels lie on known pixels of the other. */
const leastOverlap = 0.3;

/** Places within this part of the smaller side belong to one peak. */
const peakPart = 8;

/** A score that unrelated images with much structure do not reach. */
export const clearPlace = 0.3;

/**
 * Objects of little or smooth structure score up to 0.6 somewhere, but then in several places: where they are above
 * `clearPlace`, their best is at most 1.5 times its rival, that of a true place at least 2.2 times (lines, leaves and a star
 * under noise up to 0.2; weak random objects smoothed over 1 to 60 pixels).
 */
const clearlyAbove = 1.6;

/** A score that is a place by itself, though a nearly periodic object scores in other places too. */
const highPlace = 0.75;

/** Whether a place is evidence: a peak that is high, or the only one. */
export function isClear({ score, rival }: Place): boolean {
  return score >= highPlace || (score >= clearPlace && score >= clearlyAbove * rival);
}

/** Blocks over which two images are averaged before they are correlated, and so the accuracy of the place, pixels. */
export function locationStep(a: ComplexImage, b: ComplexImage): number {
  return Math.ceil(Math.max(...a.shape, ...b.shape) / largestSide);
}

/**
 * Finds where one image lies in another when nothing says so. A phase ramp between the two would hide their
 * correlation; so O(r + d) conj O(r) is correlated instead, in which a ramp is a constant phase factor, for a step d down
 * and one to the right. The correlation is normalised by what both images hold where they overlap (after Padfield,
 * IEEE Trans. Image Process. 21, 2706 (2012)), so that partial overlaps compare fairly.
 *
 * @returns the best place; its score is 0 for an image without structure
 */
export function locate(moving: MaskedImage, reference: MaskedImage): Place {
  const step = locationStep(moving.image, reference.image);
  const [a, b] = [featuresOf(moving, step), featuresOf(reference, step)];
  const size = [0, 1].map((axis) => powerOfTwo(a.shape[axis] + b.shape[axis] - 1)) as [number, number];
  const fft = planFft2(size);
  const spectrum = (data: Float64Array, { shape }: Features): Float64Array => fft.forward(pad(data, shape, size));
  const [maskA, maskB] = [spectrum(a.mask, a), spectrum(b.mask, b)];
  const down = correlation(fft, spectrum(b.down, b), spectrum(a.down, a));
  const right = correlation(fft, spectrum(b.right, b), spectrum(a.right, a));
  const overlap = correlation(fft, maskB, maskA);
  const energyA = correlation(fft, maskB, spectrum(a.energy, a));
  const energyB = correlation(fft, spectrum(b.energy, b), maskA);
  const least = leastOverlap * Math.min(total(a.mask), total(b.mask));
  // Where hardly anything of an image's structure lies in the overlap, the quotient is noise.
  const structure = 0.05 * leastOverlap;
  const [leastA, leastB] = [structure * total(a.energy), structure * total(b.energy)];
  const scores = new Float64Array(size[0] * size[1]);
  let best = 0;
  for (let k = 0; k < scores.length; k++) {
    const [eA, eB] = [energyA[2 * k], energyB[2 * k]];
    if (overlap[2 * k] < least || !(eA > leastA) || !(eB > leastB)) continue;
    const cross = Math.hypot(down[2 * k], down[2 * k + 1]) + Math.hypot(right[2 * k], right[2 * k + 1]);
    scores[k] = cross / Math.sqrt(eA * eB);
    if (scores[k] > scores[best]) best = k;
  }
  if (scores[best] === 0) return { origin: [0, 0], score: 0, rival: 0 };
  const row = unwrapped(Math.floor(best / size[1]), size[0], a.shape[0], b.shape[0]);
  const column = unwrapped(best % size[1], size[1], a.shape[1], b.shape[1]);
  const reach = Math.min(...a.shape, ...b.shape) / peakPart;
  return { origin: [row * step, column * step], score: scores[best], rival: bestBeyond(scores, size, best, reach) };
}

/** The largest value farther than `reach` rows or columns from the index `from`, cyclically. */
function bestBeyond(scores: Float64Array, [rows, columns]: readonly [number, number], from: number, reach: number) {
  const away = (i: number, j: number, period: number): number => Math.min(Math.abs(i - j), period - Math.abs(i - j));
  const [row, column] = [Math.floor(from / columns), from % columns];
  let best = 0;
  for (let k = 0; k < scores.length; k++) {
    if (scores[k] <= best) continue;
    if (away(Math.floor(k / columns), row, rows) > reach || away(k % columns, column, columns) > reach)
      best = scores[k];
  }
  return best;
}

/** What is correlated, averaged over blocks; complex arrays interleaved, 0 where nothing is known. */
interface Features {
  readonly shape: readonly [number, number];
  /** O(r + d) conj O(r) without its mean, for d down and to the right. */
  readonly down: Float64Array;
  readonly right: Float64Array;
  /** |down|² + |right|², and 1 where they are known, both with imaginary parts of 0. */
  readonly energy: Float64Array;
  readonly mask: Float64Array;
}

function featuresOf({ image, mask }: MaskedImage, step: number): Features {
  const [height, width] = image.shape;
  const shape = [Math.ceil(height / step), Math.ceil(width / step)] as const;
  const length = 2 * shape[0] * shape[1];
  const [down, right, count] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)];
  for (let i = 0; i + lag < height; i++) {
    for (let j = 0; j + lag < width; j++) {
      const k = i * width + j;
      if (mask[k] === 0 || mask[k + lag] === 0 || mask[k + lag * width] === 0) continue;
      const to = 2 * (Math.floor(i / step) * shape[1] + Math.floor(j / step));
      addProduct(down, to, image.data, k + lag * width, k);
      addProduct(right, to, image.data, k + lag, k);
      count[to]++;
    }
  }
  centre(down, count);
  centre(right, count);
  const energy = new Float64Array(length);
  for (let i = 0; i < length; i += 2) {
    energy[i] = down[i] ** 2 + down[i + 1] ** 2 + right[i] ** 2 + right[i + 1] ** 2;
    count[i] = count[i] > 0 ? 1 : 0;
  }
  return { shape, down, right, energy, mask: count };
}

/** Adds data[p] conj data[q]. */
function addProduct(sum: Float64Array, to: number, data: Float64Array, p: number, q: number): void {
  sum[to] += data[2 * p] * data[2 * q] + data[2 * p + 1] * data[2 * q + 1];
  sum[to + 1] += data[2 * p + 1] * data[2 * q] - data[2 * p] * data[2 * q + 1];
}

/** Block sums become block means, less the mean over all blocks. */
function centre(sum: Float64Array, count: Float64Array): void {
  let [re, im, blocks] = [0, 0, 0];
  for (let i = 0; i < sum.length; i += 2) {
    if (count[i] === 0) continue;
    sum[i] /= count[i];
    sum[i + 1] /= count[i];
    re += sum[i];
    im += sum[i + 1];
    blocks++;
  }
  for (let i = 0; i < sum.length; i += 2) {
    if (count[i] === 0) continue;
    sum[i] -= re / blocks;
    sum[i + 1] -= im / blocks;
  }
}

/** Σ b(u + s) conj a(u) for every cyclic s, zero at the centre, from the transforms of a and b. */
function correlation(fft: Fft2, b: Float64Array, a: Float64Array): Float64Array {
  const scale = Math.sqrt(fft.shape[0] * fft.shape[1]);
  const product = new Float64Array(a.length);
  for (let i = 0; i < a.length; i += 2) {
    product[i] = scale * (b[i] * a[i] + b[i + 1] * a[i + 1]);
    product[i + 1] = scale * (b[i + 1] * a[i] - b[i] * a[i + 1]);
  }
  return fft.inverse(product, product);
}

function pad(
  data: Float64Array,
  [height, width]: readonly [number, number],
  [rows, columns]: readonly [number, number],
): Float64Array {
  const out = new Float64Array(2 * rows * columns);
  for (let i = 0; i < height; i++) out.set(data.subarray(2 * i * width, 2 * (i + 1) * width), 2 * i * columns);
  return out;
}

/** Cyclic index to a shift between 1 − (size of a) and (size of b) − 1. */
function unwrapped(index: number, period: number, a: number, b: number): number {
  const shift = index - Math.floor(period / 2);
  return shift > b - 1 ? shift - period : shift < 1 - a ? shift + period : shift;
}

const powerOfTwo = (least: number): number => 2 ** Math.ceil(Math.log2(least));

const total = (data: Float64Array): number => data.reduce((sum, value) => sum + value, 0);
