import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { cropStart } from "./patchWeights.ts";

/**
 * One patch on the canvas grid: its central crop times its weights, moved by the fraction of a pixel that remains, with
 * bilinear weights. `[side, side]` with `side = trim + 1`, because a fraction spreads a pixel over two.
 * Memory is reused from patch to patch.
 */
export interface Footprint {
  readonly side: number;
  /** Weighted values, shifted. */
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** Weights, shifted likewise. */
  readonly weight: Float64Array;
  /** Canvas row and column of the footprint's pixel [0, 0]; may be negative. */
  row: number;
  column: number;
  /** Fraction of a pixel, in [0, 1), by which the content was moved down and right. */
  fractionY: number;
  fractionX: number;
}

/**
 * Stitching takes a patch apart into where it lands and what it adds there. The returned function fills `footprint` from
 * patch `index` of `patches` (`[patch, y, x]`) whose window centre sits at canvas indices (y, x).
 */
export interface FootprintPlan {
  readonly footprint: Footprint;
  place(patches: ComplexArray, index: number, y: number, x: number): void;
}

/**
 * @param weights `[trim, trim]`, the weight of each pixel of the central crop
 */
export function planFootprint(trim: number, weights: Float64Array): FootprintPlan {
  const side = trim + 1;
  const plane = (): Float64Array => new Float64Array(side * side);
  const footprint: Footprint = {
    side,
    re: plane(),
    im: plane(),
    weight: plane(),
    row: 0,
    column: 0,
    fractionY: 0,
    fractionX: 0,
  };
  const cropRe = new Float64Array(trim * trim);
  const cropIm = new Float64Array(trim * trim);
  return {
    footprint,
    place(patches, index, y, x) {
      const top = y - Math.floor(trim / 2);
      const left = x - Math.floor(trim / 2);
      footprint.row = Math.floor(top);
      footprint.column = Math.floor(left);
      footprint.fractionY = top - footprint.row;
      footprint.fractionX = left - footprint.column;
      weightedCrop(cropRe, cropIm, patches, index, trim, weights);
      shiftByFraction(footprint.re, cropRe, trim, footprint.fractionY, footprint.fractionX);
      shiftByFraction(footprint.im, cropIm, trim, footprint.fractionY, footprint.fractionX);
      shiftByFraction(footprint.weight, weights, trim, footprint.fractionY, footprint.fractionX);
    },
  };
}

/** The part of a footprint that lies on a canvas, as footprint indices: rows `[i0, i1)`, columns `[j0, j1)`. */
export function visiblePart(
  footprint: Footprint,
  height: number,
  width: number,
): { i0: number; i1: number; j0: number; j1: number } {
  return {
    i0: Math.max(0, -footprint.row),
    i1: Math.min(footprint.side, height - footprint.row),
    j0: Math.max(0, -footprint.column),
    j1: Math.min(footprint.side, width - footprint.column),
  };
}

/** Patches are `[patch, y, x]`, at least `trim` wide, one position each. */
export function checkPatches(patches: ComplexArray, positions: Float64Array, trim: number): number {
  const [count, height, width] = patches.shape as [number, number, number];
  if (patches.shape.length !== 3 || height < trim || width < trim)
    throw new PtychonautError("shape", "patches do not fit the stitcher", {
      expected: `[patch, y, x] with sides of at least ${trim}`,
      got: `[${patches.shape.join(", ")}]`,
    });
  if (positions.length !== 2 * count)
    throw new PtychonautError("shape", "every patch needs one position", {
      expected: `${2 * count} values for ${count} patches`,
      got: `${positions.length}`,
    });
  return count;
}

function weightedCrop(
  re: Float64Array,
  im: Float64Array,
  patches: ComplexArray,
  index: number,
  trim: number,
  weights: Float64Array,
): void {
  const height = patches.shape[1];
  const width = patches.shape[2];
  const first = (index * height + cropStart(height, trim)) * width + cropStart(width, trim);
  const { data } = patches;
  for (let i = 0; i < trim; i++) {
    let from = 2 * (first + i * width);
    for (let to = i * trim; to < (i + 1) * trim; to++) {
      re[to] = weights[to] * data[from];
      im[to] = weights[to] * data[from + 1];
      from += 2;
    }
  }
}

/** `out(i, j) = in(i - fy, j - fx)`, bilinear, zeros outside; `out` has one row and one column more than `source`. */
function shiftByFraction(out: Float64Array, source: Float64Array, n: number, fy: number, fx: number): void {
  const side = n + 1;
  const a = (1 - fy) * (1 - fx);
  const b = (1 - fy) * fx;
  const c = fy * (1 - fx);
  const d = fy * fx;
  out.fill(0);
  for (let i = 0; i < n; i++) {
    let to = i * side;
    for (let from = i * n; from < (i + 1) * n; from++) {
      const value = source[from];
      out[to] += a * value;
      out[to + 1] += b * value;
      out[to + side] += c * value;
      out[to + side + 1] += d * value;
      to++;
    }
  }
}
