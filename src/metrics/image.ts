import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";

/** Real image `[height, width]`, row-major. Metrics compute in float64. */
export interface Image {
  readonly shape: readonly [height: number, width: number];
  readonly data: Float64Array;
}

/** Complex image `[height, width]`, interleaved. */
export interface ComplexImage {
  readonly shape: readonly [height: number, width: number];
  readonly data: Float64Array;
}

/** Part of an image: rows top … top + height − 1, columns left … left + width − 1. */
export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

export function complexImage(array: ComplexArray): ComplexImage {
  if (array.shape.length !== 2) {
    throw new PtychonautError("shape", "an image has two dimensions", {
      expected: "[height, width]",
      got: `[${array.shape.join(", ")}]`,
    });
  }
  return { shape: [array.shape[0], array.shape[1]], data: Float64Array.from(array.data) };
}

export function amplitudeImage({ shape, data }: ComplexImage): Image {
  return {
    shape,
    data: Float64Array.from({ length: data.length / 2 }, (_, i) => Math.hypot(data[2 * i], data[2 * i + 1])),
  };
}

/** Phase in radians, (−π, π]. */
export function phaseImage({ shape, data }: ComplexImage): Image {
  return {
    shape,
    data: Float64Array.from({ length: data.length / 2 }, (_, i) => Math.atan2(data[2 * i + 1], data[2 * i])),
  };
}

/** A real image with imaginary parts of 0; a complex one as it is. */
export function asComplex(image: Image | ComplexImage): ComplexImage {
  const pixels = image.shape[0] * image.shape[1];
  if (image.data.length === 2 * pixels) return image;
  const data = new Float64Array(2 * pixels);
  image.data.forEach((value, k) => {
    data[2 * k] = value;
  });
  return { shape: image.shape, data };
}

/** Cuts a rectangle, which must lie inside, out of a real or complex image. */
export function crop<T extends Image | ComplexImage>(image: T, { top, left, height, width }: Rectangle): T {
  const [rows, columns] = image.shape;
  const depth = image.data.length / (rows * columns);
  const data = new Float64Array(height * width * depth);
  for (let i = 0; i < height; i++) {
    const from = ((top + i) * columns + left) * depth;
    data.set(image.data.subarray(from, from + width * depth), i * width * depth);
  }
  return { ...image, shape: [height, width], data };
}

/** The middle of an image; where the border is odd, the extra row or column is cut off at the end. */
export function centreCrop<T extends Image | ComplexImage>(image: T, [height, width]: readonly [number, number]): T {
  const top = Math.floor((image.shape[0] - height) / 2);
  const left = Math.floor((image.shape[1] - width) / 2);
  return crop(image, { top, left, height, width });
}

export function mean(data: Float64Array): number {
  let sum = 0;
  for (const value of data) sum += value;
  return sum / data.length;
}

/** Without its mean, a faded image does not correlate through the shape of the fading. */
export function withoutMean({ shape, data }: ComplexImage): ComplexImage {
  const sum = [0, 0];
  for (let i = 0; i < data.length; i++) sum[i % 2] += data[i];
  const pixels = data.length / 2;
  return { shape, data: data.map((value, i) => value - sum[i % 2] / pixels) };
}

/** Largest minus smallest value. */
export function dataRange(data: Float64Array): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high - low;
}

/** @throws PtychonautError "shape" unless both images have one shape. */
export function requireSameShape(a: Image | ComplexImage, b: Image | ComplexImage): void {
  if (a.shape[0] === b.shape[0] && a.shape[1] === b.shape[1]) return;
  throw new PtychonautError("shape", "images to compare differ in size", {
    expected: `[${a.shape.join(", ")}]`,
    got: `[${b.shape.join(", ")}]`,
  });
}
