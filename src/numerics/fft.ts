import { PtychonautError } from "../errors.ts";

/** Interleaved complex numbers: re₀, im₀, re₁, im₁ … */
export type Interleaved = Float32Array | Float64Array;

/**
 * Discrete Fourier transform of images of one size, unitary and centred: zero frequency and the origin of space both
 * sit at `floor(n / 2)`,
 *
 *   X[u, v] = (h w)^(-1/2) Σ x[i, j] exp(−2πi [(u − ⌊h/2⌋)(i − ⌊h/2⌋)/h + (v − ⌊w/2⌋)(j − ⌊w/2⌋)/w]).
 *
 * The inverse is therefore the adjoint. Any size; computed in float64.
 */
export interface Fft2 {
  readonly shape: readonly [height: number, width: number];
  /** Interleaved `[h, w]` in and out; `output` may be `input` and is made when not given. */
  forward(input: Interleaved): Float64Array;
  forward<T extends Interleaved>(input: Interleaved, output: T): T;
  inverse(input: Interleaved): Float64Array;
  inverse<T extends Interleaved>(input: Interleaved, output: T): T;
}

/**
 * Plans transforms of `[height, width]` images: tables and work space, reused by every call (so one plan serves one
 * caller at a time).
 *
 * @throws PtychonautError "usage" when a side is not a positive integer.
 */
export function planFft2(shape: readonly [height: number, width: number]): Fft2 {
  const [height, width] = shape;
  const columns = planAxis(height, width);
  const rows = height === width ? columns : planAxis(width, height);
  const work = new Float64Array(2 * height * width);
  const turned = new Float64Array(2 * height * width);

  function run<T extends Interleaved>(input: Interleaved, output: T, sign: 1 | -1): T {
    checkLength(input, shape);
    checkLength(output, shape);
    loadRolled(input, work, shape, sign);
    const once = columns(work);
    transpose(once, turned, height, width);
    storeTurned(rows(turned), output, shape, sign);
    return output;
  }

  return {
    shape,
    forward: <T extends Interleaved>(input: Interleaved, output?: T) =>
      run(input, output ?? new Float64Array(input.length), 1) as T,
    inverse: <T extends Interleaved>(input: Interleaved, output?: T) =>
      run(input, output ?? new Float64Array(input.length), -1) as T,
  };
}

/** Frequencies in cycles per sample of a centred axis of n samples: (i − ⌊n/2⌋)/n. */
export function frequencies(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => (i - Math.floor(n / 2)) / n);
}

function checkLength(data: Interleaved, [height, width]: readonly [number, number]): void {
  if (data.length !== 2 * height * width) {
    throw new PtychonautError("shape", "array does not fit the Fourier transform's plan", {
      expected: `${2 * height * width} numbers for a complex [${height}, ${width}]`,
      got: `${data.length}`,
    });
  }
}

/** Copies with the centre moved to index 0. Sign −1 conjugates: an inverse is a conjugated forward transform. */
function loadRolled(input: Interleaved, work: Float64Array, [h, w]: readonly [number, number], sign: 1 | -1): void {
  const cy = Math.floor(h / 2);
  const cx = Math.floor(w / 2);
  for (let i = 0; i < h; i++) {
    const row = (((i + cy) % h) * w) << 1;
    for (let j = 0, to = (i * w) << 1; j < w; j++, to += 2) {
      const from = row + 2 * (j + cx < w ? j + cx : j + cx - w);
      work[to] = input[from];
      work[to + 1] = sign * input[from + 1];
    }
  }
}

/** Copies the transposed result back with index 0 moved to the centre, scaled to be unitary. */
function storeTurned(turned: Float64Array, output: Interleaved, [h, w]: readonly [number, number], sign: 1 | -1): void {
  const cy = Math.floor(h / 2);
  const cx = Math.floor(w / 2);
  const scale = 1 / Math.sqrt(h * w);
  for (let i = 0; i < h; i++) {
    const row = (((i + cy) % h) * w) << 1;
    for (let j = 0; j < w; j++) {
      const to = row + 2 * (j + cx < w ? j + cx : j + cx - w);
      const from = 2 * (j * h + i);
      output[to] = scale * turned[from];
      output[to + 1] = sign * scale * turned[from + 1];
    }
  }
}

function transpose(from: Float64Array, to: Float64Array, h: number, w: number): void {
  for (let i = 0; i < h; i++) {
    for (let j = 0; j < w; j++) {
      const a = 2 * (i * w + j);
      const b = 2 * (j * h + i);
      to[b] = from[a];
      to[b + 1] = from[a + 1];
    }
  }
}

/** Transforms the first axis of `[n, batch]` interleaved data, not normalised; returns the buffer that holds the result. */
type AxisTransform = (data: Float64Array) => Float64Array;

/** A prime factor up to this is done by its own butterfly, a larger one by a convolution. */
const LARGEST_BUTTERFLY = 31;

function planAxis(n: number, batch: number): AxisTransform {
  if (!(Number.isInteger(n) && n > 0)) {
    throw new PtychonautError("usage", "a Fourier transform needs a positive integer size", { got: `${n}` });
  }
  const factors = factorise(n);
  return factors.some((p) => p > LARGEST_BUTTERFLY) ? planBluestein(n, batch) : planStockham(n, batch, factors);
}

/** Fours first, then the primes. */
function factorise(n: number): number[] {
  const factors: number[] = [];
  let rest = n;
  for (; rest % 4 === 0; rest /= 4) factors.push(4);
  for (let p = 2; rest > 1; p = p * p > rest ? rest : p + 1) {
    for (; rest % p === 0; rest /= p) factors.push(p);
  }
  return factors;
}

/** exp(−2πi k/n) for k < n, interleaved. */
function rootsOfUnity(n: number): Float64Array {
  const roots = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    roots[2 * k] = Math.cos((2 * Math.PI * k) / n);
    roots[2 * k + 1] = -Math.sin((2 * Math.PI * k) / n);
  }
  return roots;
}

/** Stockham's self-sorting FFT, mixed radix: every pass reads one buffer and writes the other, without bit reversal. */
function planStockham(n: number, batch: number, factors: readonly number[]): AxisTransform {
  const roots = rootsOfUnity(n);
  const spare = new Float64Array(2 * n * batch);
  return (data) => {
    let from: Float64Array = data;
    let to: Float64Array = spare;
    let length = n;
    for (const p of factors) {
      if (p === 4) radix4(from, to, length, batch, n, roots);
      else if (p === 2) radix2(from, to, length, batch, n, roots);
      else anyRadix(from, to, p, length, batch, n, roots);
      length /= p;
      [from, to] = [to, from];
    }
    return from;
  };
}

/*
 * A pass splits transforms of `length` into p transforms of m = length / p. Elements lie `stride` apart, where stride
 * counts the sub-transforms already split off times the batch, so that the innermost loop runs over neighbours.
 */

function radix2(x: Float64Array, y: Float64Array, length: number, batch: number, n: number, roots: Float64Array): void {
  const m = length / 2;
  const step = n / length;
  const stride = 2 * step * batch;
  for (let k = 0; k < m; k++) {
    const wr = roots[2 * k * step];
    const wi = roots[2 * k * step + 1];
    let a = k * stride;
    let b = a + m * stride;
    let to = 2 * k * stride;
    for (const end = a + stride; a < end; a += 2, b += 2, to += 2) {
      const dr = x[a] - x[b];
      const di = x[a + 1] - x[b + 1];
      y[to] = x[a] + x[b];
      y[to + 1] = x[a + 1] + x[b + 1];
      y[to + stride] = dr * wr - di * wi;
      y[to + stride + 1] = dr * wi + di * wr;
    }
  }
}

function radix4(x: Float64Array, y: Float64Array, length: number, batch: number, n: number, roots: Float64Array): void {
  const m = length / 4;
  const step = n / length;
  const stride = 2 * step * batch;
  for (let k = 0; k < m; k++) {
    const t = 2 * k * step;
    const w1r = roots[t];
    const w1i = roots[t + 1];
    const w2r = roots[2 * t];
    const w2i = roots[2 * t + 1];
    const w3r = roots[3 * t];
    const w3i = roots[3 * t + 1];
    let a = k * stride;
    let to = 4 * k * stride;
    for (const end = a + stride; a < end; a += 2, to += 2) {
      const b = a + m * stride;
      const c = b + m * stride;
      const d = c + m * stride;
      const sumAcR = x[a] + x[c];
      const sumAcI = x[a + 1] + x[c + 1];
      const difAcR = x[a] - x[c];
      const difAcI = x[a + 1] - x[c + 1];
      const sumBdR = x[b] + x[d];
      const sumBdI = x[b + 1] + x[d + 1];
      const difBdR = x[b] - x[d];
      const difBdI = x[b + 1] - x[d + 1];
      y[to] = sumAcR + sumBdR;
      y[to + 1] = sumAcI + sumBdI;
      const r1 = difAcR + difBdI;
      const i1 = difAcI - difBdR;
      const r2 = sumAcR - sumBdR;
      const i2 = sumAcI - sumBdI;
      const r3 = difAcR - difBdI;
      const i3 = difAcI + difBdR;
      const to1 = to + stride;
      const to2 = to1 + stride;
      const to3 = to2 + stride;
      y[to1] = r1 * w1r - i1 * w1i;
      y[to1 + 1] = r1 * w1i + i1 * w1r;
      y[to2] = r2 * w2r - i2 * w2i;
      y[to2 + 1] = r2 * w2i + i2 * w2r;
      y[to3] = r3 * w3r - i3 * w3i;
      y[to3 + 1] = r3 * w3i + i3 * w3r;
    }
  }
}

function anyRadix(
  x: Float64Array,
  y: Float64Array,
  p: number,
  length: number,
  batch: number,
  n: number,
  roots: Float64Array,
): void {
  const m = length / p;
  const step = n / length;
  const stride = 2 * step * batch;
  for (let k = 0; k < m; k++) {
    for (let i = 0; i < p; i++) {
      const to = (p * k + i) * stride;
      y.fill(0, to, to + stride);
      for (let j = 0; j < p; j++) {
        // exp(−2πi ij/p) of the butterfly times exp(−2πi ik/length) of the twiddle, as one root of order n.
        const root = 2 * ((i * j * (n / p) + i * k * step) % n);
        const wr = roots[root];
        const wi = roots[root + 1];
        const from = (k + j * m) * stride;
        for (let q = 0; q < stride; q += 2) {
          const re = x[from + q];
          const im = x[from + q + 1];
          y[to + q] += re * wr - im * wi;
          y[to + q + 1] += re * wi + im * wr;
        }
      }
    }
  }
}

/** Bluestein (1970): with jk = [j² + k² − (k − j)²]/2 a transform of any length becomes a convolution with a chirp. */
function planBluestein(n: number, batch: number): AxisTransform {
  let m = 4;
  while (m < 2 * n - 1) m *= 2;
  const chirp = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    // k² mod 2n keeps the angle small, and so exact, for large k.
    const angle = (Math.PI * ((k * k) % (2 * n))) / n;
    chirp[2 * k] = Math.cos(angle);
    chirp[2 * k + 1] = -Math.sin(angle);
  }
  const kernelTransform = planStockham(m, 1, factorise(m));
  const kernel = new Float64Array(2 * m);
  for (let k = 0; k < n; k++) {
    for (const at of k === 0 ? [0] : [k, m - k]) {
      kernel[2 * at] = chirp[2 * k] / m;
      kernel[2 * at + 1] = -chirp[2 * k + 1] / m;
    }
  }
  const response = Float64Array.from(kernelTransform(kernel));
  const transform = planStockham(m, batch, factorise(m));
  const padded = new Float64Array(2 * m * batch);
  return (data) => {
    padded.fill(0);
    multiplyRows(data, chirp, padded, n, batch, 1);
    const spectrum = transform(padded);
    // Conjugating before and after turns the second forward transform into the inverse one.
    multiplyRows(spectrum, response, spectrum, m, batch, -1);
    const convolved = transform(spectrum === padded ? padded : copyInto(padded, spectrum));
    conjugate(convolved, 2 * n * batch);
    multiplyRows(convolved, chirp, data, n, batch, 1);
    return data;
  };
}

/** to[k, b] = from[k, b] · factor[k], conjugated when sign is −1. */
function multiplyRows(
  from: Float64Array,
  factor: Float64Array,
  to: Float64Array,
  count: number,
  batch: number,
  sign: 1 | -1,
): void {
  for (let k = 0; k < count; k++) {
    const fr = factor[2 * k];
    const fi = factor[2 * k + 1];
    for (let i = 2 * k * batch, end = i + 2 * batch; i < end; i += 2) {
      const re = from[i];
      const im = from[i + 1];
      to[i] = re * fr - im * fi;
      to[i + 1] = sign * (re * fi + im * fr);
    }
  }
}

function conjugate(data: Float64Array, length: number): void {
  for (let i = 1; i < length; i += 2) data[i] = -data[i];
}

function copyInto(to: Float64Array, from: Float64Array): Float64Array {
  to.set(from);
  return to;
}
