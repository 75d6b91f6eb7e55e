import type { Measurement } from "./dataset.ts";
import { turnImage } from "./orientations.ts";
import type { PatternOperation, WindowOperation } from "./patternOperation.ts";

export type Sides = readonly [height: number, width: number];

/** The sides of what an operation makes; a bin takes whole squares only. */
export function sidesAfter(operation: PatternOperation, [height, width]: Sides): Sides {
  switch (operation.kind) {
    case "window":
      return [operation.height, operation.width];
    case "bin":
      return [Math.floor(height / operation.factor), Math.floor(width / operation.factor)];
    case "turn":
      return operation.orientation.transposed ? [width, height] : [height, width];
    default:
      return [height, width];
  }
}

/** The sides of an image before each operation, and after the last. */
export function sidesAlong(operations: readonly PatternOperation[], sides: Sides): readonly Sides[] {
  const all: Sides[] = [sides];
  for (const operation of operations) all.push(sidesAfter(operation, all[all.length - 1]));
  return all;
}

/** Whether values alone change. */
export const keepsPlaces = ({ kind }: PatternOperation): boolean =>
  kind === "subtract" || kind === "threshold" || kind === "gain";

/**
 * One pattern after an operation.
 * @param image `[height, width]`
 * @param out of `sidesAfter`; may be the image itself where values alone change
 */
export function operate(
  operation: PatternOperation,
  image: Float32Array,
  sides: Sides,
  measurement: Measurement,
  out: Float32Array,
): void {
  switch (operation.kind) {
    case "subtract":
      subtract(image, operation.counts, measurement, out);
      break;
    case "threshold":
      cutBelow(image, operation.counts, measurement, out);
      break;
    case "gain":
      divide(image, operation.countsPerPhoton, measurement, out);
      break;
    case "window":
      windowImage(image, sides, operation, out);
      break;
    case "bin":
      binImage(image, sides, operation.factor, measurement, out);
      break;
    case "turn":
      turnImage(image, sides, operation.orientation, out);
  }
}

function subtract(
  image: Float32Array,
  counts: number | Float32Array,
  measurement: Measurement,
  out: Float32Array,
): void {
  const each = typeof counts === "number" ? undefined : counts;
  const all = typeof counts === "number" ? counts : 0;
  const squared = measurement === "amplitude";
  for (let i = 0; i < image.length; i++) {
    const value = squared ? image[i] * image[i] : image[i];
    const left = value - (each === undefined ? all : each[i]);
    // What is no number stays none.
    out[i] = left < 0 ? 0 : squared ? Math.sqrt(left) : left;
  }
}

function cutBelow(image: Float32Array, counts: number, measurement: Measurement, out: Float32Array): void {
  // A root that float32 rounds down is no fewer counts.
  const least = measurement === "counts" ? counts : Math.fround(Math.sqrt(counts));
  for (let i = 0; i < image.length; i++) out[i] = image[i] < least ? 0 : image[i];
}

function divide(image: Float32Array, countsPerPhoton: number, measurement: Measurement, out: Float32Array): void {
  const by = measurement === "counts" ? countsPerPhoton : Math.sqrt(countsPerPhoton);
  for (let i = 0; i < image.length; i++) out[i] = image[i] / by;
}

export function windowImage(
  image: Float32Array,
  [height, width]: Sides,
  { top, left, height: rows, width: columns }: WindowOperation,
  out: Float32Array,
): void {
  const [first, last] = [Math.max(0, -left), Math.min(columns, width - left)];
  out.fill(0);
  if (first >= last) return;
  for (let y = Math.max(0, -top); y < Math.min(rows, height - top); y++) {
    const from = (y + top) * width + left;
    out.set(image.subarray(from + first, from + last), y * columns + first);
  }
}

function binImage(
  image: Float32Array,
  [height, width]: Sides,
  factor: number,
  measurement: Measurement,
  out: Float32Array,
): void {
  const [rows, columns] = [Math.floor(height / factor), Math.floor(width / factor)];
  const squared = measurement === "amplitude";
  const sums = new Float64Array(columns);
  for (let y = 0; y < rows; y++) {
    sums.fill(0);
    for (let i = 0; i < factor; i++) {
      let at = (y * factor + i) * width;
      if (squared)
        for (let x = 0; x < columns; x++) for (let j = 0; j < factor; j++, at++) sums[x] += image[at] * image[at];
      else for (let x = 0; x < columns; x++) for (let j = 0; j < factor; j++, at++) sums[x] += image[at];
    }
    for (let x = 0; x < columns; x++) out[y * columns + x] = squared ? Math.sqrt(sums[x]) : sums[x];
  }
}

/** An image of counts `[y, x]` as patterns then have it, where operations move pixels. */
export function preparedImage(
  image: Float32Array,
  sides: Sides,
  operations: readonly PatternOperation[],
): Float32Array {
  const all = sidesAlong(operations, sides);
  return operations.reduce((before, operation, k) => {
    const [rows, columns] = all[k + 1];
    const out = new Float32Array(rows * columns);
    operate(operation, before, all[k], "counts", out);
    return out;
  }, image);
}

/** A mask `[y, x]`, 1 = valid, as patterns then have it: what is new is not valid, nor a bin that has a bad pixel. */
export function preparedMask(mask: Float32Array, sides: Sides, operations: readonly PatternOperation[]): Float32Array {
  return operations.reduce<{ readonly image: Float32Array; readonly sides: Sides }>(
    (before, operation) => {
      if (keepsPlaces(operation)) return before;
      const full = operation.kind === "bin" ? operation.factor ** 2 : 1;
      const image = preparedImage(before.image, before.sides, [operation]).map((value) => (value >= full ? 1 : 0));
      return { image, sides: sidesAfter(operation, before.sides) };
    },
    { image: mask, sides },
  ).image;
}
