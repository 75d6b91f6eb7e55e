import type { ComplexArray } from "../arrays.ts";
import { complexZeros } from "../arrays.ts";
import { type Communicator, sumsOf } from "../communicator.ts";
import { PtychonautError } from "../errors.ts";
import type { Canvas } from "./canvas.ts";
import { isInside, toCanvas } from "./canvas.ts";
import type { Footprint } from "./footprint.ts";
import { checkPatches, planFootprint, visiblePart } from "./footprint.ts";

export interface StitcherOptions {
  readonly canvas: Canvas;
  /** Side of the central part of each patch that is placed (`middle_trim` of the reference system), pixels. */
  readonly trim: number;
  /** `[trim, trim]`: from `probeWeights` or `uniformWeights`. */
  readonly weights: Float64Array;
}

export interface Stitched {
  /** `[y, x]` on the canvas; zero where nothing was placed. */
  readonly object: ComplexArray;
  /** `[y, x]`: sum of the weights placed on each pixel. */
  readonly weight: Float32Array;
  /** `[y, x]`: how many patches cover each pixel (fractional at their bilinear rims). */
  readonly count: Float32Array;
  readonly canvas: Canvas;
  readonly patches: number;
  /** Patches that touch the canvas's rim or reach beyond it; what lies beyond is lost. */
  readonly atRim: number;
}

export interface Stitcher {
  /**
   * Adds a batch. Groups of several patches are added patch by patch, each at its own position.
   * @param patches `[patch, y, x]`, object patches as predicted
   * @param positions `[patch, 2]` as (y, x), window centres in object pixels
   */
  add(patches: ComplexArray, positions: Float64Array): void;
  /** Goes on, in every process, with what all have added. */
  join(ranks: Communicator): Promise<void>;
  /** The weighted average of all that was added; more may be added afterwards. */
  finish(): Stitched;
}

/** Added to every pixel's weight, as a fraction of a patch's largest: empty pixels become zero instead of 0 / 0. */
const relativeFloor = 1e-12;

/**
 * Collects patches on a canvas: `object = sum_k T[w O_k] / sum_k T[w]`, where T places patch k with its window centre at
 * its position, bilinear at sub-pixel positions. Relative to the scan's mean the patch moves by `+(r_k - mean r)`.
 * Sums are float64: thousands of patches may meet in one pixel, and the result must not depend on the batch size.
 */
export function createStitcher({ canvas, trim, weights }: StitcherOptions): Stitcher {
  if (weights.length !== trim * trim)
    throw new PtychonautError("shape", "stitching weights do not fit the trim", {
      expected: `${trim} x ${trim}`,
      got: `${weights.length} values`,
    });
  const size = canvas.height * canvas.width;
  const sums: Sums = {
    re: new Float64Array(size),
    im: new Float64Array(size),
    weight: new Float64Array(size),
    count: new Float32Array(size),
  };
  const plan = planFootprint(trim, weights);
  const floor = relativeFloor * weights.reduce((a, b) => Math.max(a, b), 0);
  let placed = 0;
  let atRim = 0;
  return {
    add(patches, positions) {
      const count = checkPatches(patches, positions, trim);
      for (let k = 0; k < count; k++) {
        const centre = toCanvas(canvas, positions[2 * k], positions[2 * k + 1]);
        plan.place(patches, k, centre.y, centre.x);
        const half = Math.floor(trim / 2);
        if (!isInside(canvas, { y: centre.y - half, x: centre.x - half }, trim)) atRim++;
        accumulate(sums, plan.footprint, canvas);
      }
      placed += count;
    },
    async join(ranks) {
      for (const values of Object.values(sums)) await ranks.sum(values);
      [placed, atRim] = await sumsOf(ranks, [placed, atRim]);
    },
    finish() {
      return { ...average(sums, canvas, floor), canvas, patches: placed, atRim };
    },
  };
}

/** `s1 Re O + i s2 Im O`: the two global scales that a fit to the measured intensities yields. */
export function scaleParts(object: ComplexArray, s1: number, s2: number): ComplexArray {
  return { shape: object.shape, data: object.data.map((value, i) => value * (i % 2 === 0 ? s1 : s2)) };
}

interface Sums {
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly weight: Float64Array;
  readonly count: Float32Array;
}

function accumulate(sums: Sums, footprint: Footprint, canvas: Canvas): void {
  const { side, re, im, weight, row, column, fractionY, fractionX } = footprint;
  const { i0, i1, j0, j1 } = visiblePart(footprint, canvas.height, canvas.width);
  for (let i = i0; i < i1; i++) {
    const shareY = i === 0 ? 1 - fractionY : i === side - 1 ? fractionY : 1;
    let to = (row + i) * canvas.width + column + j0;
    for (let j = j0; j < j1; j++) {
      const from = i * side + j;
      sums.re[to] += re[from];
      sums.im[to] += im[from];
      sums.weight[to] += weight[from];
      sums.count[to] += shareY * (j === 0 ? 1 - fractionX : j === side - 1 ? fractionX : 1);
      to++;
    }
  }
}

function average(sums: Sums, canvas: Canvas, floor: number): Pick<Stitched, "object" | "weight" | "count"> {
  const object = complexZeros([canvas.height, canvas.width]);
  for (let i = 0; i < sums.weight.length; i++) {
    const scale = 1 / (sums.weight[i] + floor);
    object.data[2 * i] = sums.re[i] * scale;
    object.data[2 * i + 1] = sums.im[i] * scale;
  }
  return { object, weight: Float32Array.from(sums.weight), count: sums.count.slice() };
}
