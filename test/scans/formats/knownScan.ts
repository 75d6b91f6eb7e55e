import { expect } from "vitest";
import type { ComplexArray } from "../../../src/arrays.ts";
import type { Dataset } from "../../../src/data/dataset.ts";
import { Random } from "../../../src/random.ts";

/**
 * A scan of known geometry that nothing in it is symmetric in, in plain terms: what tests write down in a dialect by its
 * definition, and what reading must bring back.
 */
export interface KnownScan {
  readonly N: number;
  readonly rows: number;
  readonly columns: number;
  /** (y, x) of window centres, index floor(N/2), in `object`; whole pixels, on a raster whose steps differ along y and x. */
  readonly positions: Float64Array;
  readonly object: ComplexArray;
  /** `[y, x]`. */
  readonly probe: ComplexArray;
  /** `[frame, y, x]`, |F(probe · patch)|² / N² with the zero frequency at index floor(N/2). */
  readonly counts: Float32Array;
}

export interface KnownSides {
  readonly N?: number;
  readonly rows?: number;
  readonly columns?: number;
  readonly probeSide?: number;
}

export function knownScan({ N = 8, rows = 3, columns = 4, probeSide = N }: KnownSides = {}): KnownScan {
  const random = new Random(11);
  const [stepY, stepX] = [2, 3];
  const half = Math.floor(N / 2);
  const start = [half + 1, half + 2];
  const frames = Array.from({ length: rows * columns }, (_, k) => [
    start[0] + stepY * Math.floor(k / columns),
    start[1] + stepX * (k % columns),
  ]);
  const shape = [N + 3 + stepY * (rows - 1), N + 5 + stepX * (columns - 1)];
  const complex = (h: number, w: number): ComplexArray => ({
    shape: [h, w],
    data: Float32Array.from({ length: 2 * h * w }, () => random.uniform() - 0.3),
  });
  const object = complex(shape[0], shape[1]);
  const small = complex(probeSide, probeSide);
  const probe: ComplexArray = { shape: [N, N], data: new Float32Array(2 * N * N) };
  const before = half - Math.floor(probeSide / 2);
  for (let i = 0; i < probeSide * probeSide; i++) {
    const at = (before + Math.floor(i / probeSide)) * N + before + (i % probeSide);
    probe.data.set(small.data.subarray(2 * i, 2 * i + 2), 2 * at);
  }
  const positions = Float64Array.from(frames.flat());
  const counts = new Float32Array(rows * columns * N * N);
  for (let k = 0; k < rows * columns; k++)
    counts.set(
      intensity(object, [{ shape: [N, N], data: probe.data }], [positions[2 * k], positions[2 * k + 1]]),
      k * N * N,
    );
  return { N, rows, columns, positions, object, probe, counts };
}

/** Σ |F(P · O)|² / N² of all modes, by the sum that defines it. */
export function intensity(
  object: ComplexArray,
  modes: readonly ComplexArray[],
  [y, x]: readonly [number, number],
): Float64Array {
  const [height, width] = modes[0].shape.slice(-2);
  const [top, left] = [Math.round(y) - Math.floor(height / 2), Math.round(x) - Math.floor(width / 2)];
  const out = new Float64Array(height * width);
  for (const { data: probe } of modes) {
    const wave = new Float64Array(2 * height * width);
    for (let i = 0; i < height * width; i++) {
      const [row, column] = [top + Math.floor(i / width), left + (i % width)];
      const inside = row >= 0 && column >= 0 && row < object.shape[0] && column < object.shape[1];
      const at = 2 * (row * object.shape[1] + column);
      const [a, b] = inside ? [object.data[at], object.data[at + 1]] : [0, 0];
      wave[2 * i] = probe[2 * i] * a - probe[2 * i + 1] * b;
      wave[2 * i + 1] = probe[2 * i] * b + probe[2 * i + 1] * a;
    }
    const far = alongRows(transposedField(alongRows(wave, height, width), height, width), width, height);
    for (let f = 0; f < height * width; f++) {
      const at = 2 * ((f % width) * height + Math.floor(f / width));
      out[f] += (far[at] ** 2 + far[at + 1] ** 2) / (height * width);
    }
  }
  return out;
}

/** Σ_x f(x) exp(−2πi u x / n) of each row, u from −floor(n/2). */
function alongRows(field: Float64Array, rows: number, n: number): Float64Array {
  const out = new Float64Array(field.length);
  for (let row = 0; row < rows; row++)
    for (let u = 0; u < n; u++)
      for (let x = 0; x < n; x++) {
        const angle = (-2 * Math.PI * (u - Math.floor(n / 2)) * x) / n;
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        const [from, to] = [2 * (row * n + x), 2 * (row * n + u)];
        out[to] += field[from] * cos - field[from + 1] * sin;
        out[to + 1] += field[from] * sin + field[from + 1] * cos;
      }
  return out;
}

const transposedField = (field: Float64Array, rows: number, columns: number): Float64Array =>
  field.map((_, i) => {
    const [row, column] = [Math.floor(i / 2 / rows), Math.floor(i / 2) % rows];
    return field[2 * (column * columns + row) + (i % 2)];
  });

/**
 * Holds that a Dataset is the known scan: positions up to a common shift of the origin, probe, and patterns that the object
 * explains there. With an object of its own the origin counts too.
 */
export function expectKnown(dataset: Dataset, known: KnownScan): void {
  const { patterns, positions, probe, measurement } = dataset;
  expect([patterns.count, patterns.height, patterns.width]).toEqual([known.positions.length / 2, known.N, known.N]);
  const shift = [0, 1].map((axis) => (dataset.object === undefined ? positions[axis] - known.positions[axis] : 0));
  expect(worst(positions, (value, i) => value - known.positions[i] - shift[i % 2])).toBeLessThan(1e-9);
  const size = known.N * known.N;
  const modes = Array.from({ length: probe.shape[0] }, (_, mode) => ({
    shape: probe.shape.slice(1),
    data: probe.data.subarray(2 * mode * size, 2 * (mode + 1) * size),
  }));
  const read = new Float32Array(patterns.count * size);
  patterns.read(
    Array.from({ length: patterns.count }, (_, k) => k),
    read,
  );
  const object = dataset.object ?? known.object;
  for (let k = 0; k < patterns.count; k++) {
    const at = [known.positions[2 * k], known.positions[2 * k + 1]] as const;
    const expected = intensity(object, modes, at);
    const seen = read
      .subarray(k * size, (k + 1) * size)
      .map((value) => (measurement === "counts" ? value : value ** 2));
    expect(worst(expected, (value, i) => seen[i] - value)).toBeLessThan(1e-5 * Math.max(...expected));
  }
}

const worst = (values: Float64Array, difference: (value: number, i: number) => number): number =>
  values.reduce((most, value, i) => Math.max(most, Math.abs(difference(value, i))), 0);

/** `[frame, y, x]` with the zero frequency moved from index floor(N/2) to index 0. */
export function toCorner(frames: Float32Array, N: number): Float32Array {
  const half = Math.floor(N / 2);
  return frames.map((_, i) => {
    const [frame, y, x] = [Math.floor(i / (N * N)), Math.floor((i % (N * N)) / N), i % N];
    return frames[frame * N * N + ((y + half) % N) * N + ((x + half) % N)];
  });
}

/** `[frame, y, x]` with y and x of each frame exchanged. */
export const transposed = (frames: Float32Array, N: number): Float32Array =>
  frames.map((_, i) => {
    const [frame, y, x] = [Math.floor(i / (N * N)), Math.floor((i % (N * N)) / N), i % N];
    return frames[frame * N * N + x * N + y];
  });
