/** Plain numeric arrays as they travel between rooms: a shape and flat, row-major data. */

export interface RealArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Complex values interleaved: `data[2i]` is the real part of element i, `data[2i + 1]` the imaginary part. */
export interface ComplexArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** `most` of the items at most, spread evenly, from the first on. */
export function evenly<T>(items: readonly T[], most: number): T[] {
  const count = Math.min(most, items.length);
  return Array.from({ length: count }, (_, k) => items[Math.floor((k * items.length) / count)]);
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

export function complexZeros(shape: readonly number[]): ComplexArray {
  return { shape, data: new Float32Array(2 * sizeOf(shape)) };
}

/** Real and imaginary parts as two separate arrays, as graphs take them. */
export function splitComplex(a: ComplexArray): { re: Float32Array; im: Float32Array } {
  const n = a.data.length / 2;
  const re = new Float32Array(n);
  const im = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    re[i] = a.data[2 * i];
    im[i] = a.data[2 * i + 1];
  }
  return { re, im };
}

export function joinComplex(shape: readonly number[], re: ArrayLike<number>, im: ArrayLike<number>): ComplexArray {
  const data = new Float32Array(2 * re.length);
  for (let i = 0; i < re.length; i++) {
    data[2 * i] = re[i];
    data[2 * i + 1] = im[i];
  }
  return { shape, data };
}

export function amplitudeOf(a: ComplexArray): Float32Array {
  const out = new Float32Array(a.data.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Math.hypot(a.data[2 * i], a.data[2 * i + 1]);
  return out;
}

/** Phase in radians, (−π, π]. */
export function phaseOf(a: ComplexArray): Float32Array {
  const out = new Float32Array(a.data.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Math.atan2(a.data[2 * i + 1], a.data[2 * i]);
  return out;
}

/** Real number types, in NumPy's words. */
export type RealDtype =
  | "bool"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float16"
  | "float32"
  | "float64";
