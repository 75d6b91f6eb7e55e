/** Numbers that tell what a stack of patterns is: its values, its dose, where its zero frequency sits, its bad pixels. */
export interface PatternStatistics {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly min: number;
  readonly max: number;
  /** Frames with NaN, infinite or negative values. */
  readonly badFrames: readonly number[];
  /** Frames that are zero everywhere. */
  readonly emptyFrames: readonly number[];
  /** Σ v and Σ v² per frame, over finite values. */
  readonly sum: Spread;
  readonly energy: Spread;
  /** Part of a sample of the non-zero values that are integers. */
  readonly integers: number;
  /** Part of it whose squares are integers within float32 rounding. */
  readonly rootsOfIntegers: number;
  /** Centre of mass of the mean pattern on the torus of frequencies, as (y, x) indices. */
  readonly centroid: readonly [number, number];
  /** Where that is: within an eighth of the frame of index floor(n/2), or of index 0, on both axes. */
  readonly dc: "center" | "corner" | "elsewhere";
  /** Pixels zero in every frame among neighbours that count, as (y, x). */
  readonly deadPixels: readonly (readonly [number, number])[];
  /** Pixels more than ten times brighter on average than all their neighbours' median, as (y, x). */
  readonly hotPixels: readonly (readonly [number, number])[];
}

export interface Spread {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** @param chunks whole frames `[frame, y, x]`, in order: so many at a time as memory may hold */
export function patternStatistics(
  chunks: Iterable<ArrayLike<number>>,
  { count, height, width }: { readonly count: number; readonly height: number; readonly width: number },
): PatternStatistics {
  const size = height * width;
  const total = new Float64Array(size);
  const sums = new Float64Array(count);
  const energies = new Float64Array(count);
  const badFrames: number[] = [];
  const emptyFrames: number[] = [];
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  const parts = integerParts(count * size);
  let frame = 0;
  for (const data of chunks) {
    for (let start = 0; start < data.length; start += size, frame++) {
      let bad = false;
      let empty = true;
      for (let i = 0; i < size; i++) {
        const value = data[start + i];
        if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) bad = true;
        if (!Number.isFinite(value)) continue;
        if (value !== 0) empty = false;
        if (value < min) min = value;
        if (value > max) max = value;
        total[i] += value;
        sums[frame] += value;
        energies[frame] += value * value;
      }
      if (bad) badFrames.push(frame);
      if (empty) emptyFrames.push(frame);
    }
    parts.add(data);
  }
  const mean = total.map((value) => value / count);
  const centroid = torusCentroid(mean, height, width);
  return {
    count,
    height,
    width,
    min,
    max,
    badFrames,
    emptyFrames,
    sum: spreadOf(sums),
    energy: spreadOf(energies),
    ...parts.result(),
    centroid,
    dc: dcLocation(centroid, height, width),
    ...badPixels(mean, height, width),
  };
}

/** Values looked at to tell integers: enough for a share, few enough for a large file. */
const SAMPLE = 200_000;

interface IntegerParts {
  add(data: ArrayLike<number>): void;
  result(): { readonly integers: number; readonly rootsOfIntegers: number };
}

/** @param length of all chunks that will be added, in order */
function integerParts(length: number): IntegerParts {
  const step = Math.max(1, Math.floor(length / SAMPLE));
  let next = 0;
  let seen = 0;
  let integers = 0;
  let squares = 0;
  let roots = 0;
  return {
    add(data) {
      for (; next < data.length; next += step) {
        const value = data[next];
        if (value === 0 || !Number.isFinite(value)) continue;
        seen++;
        if (Number.isInteger(value)) integers++;
        // Above this the square of a float32 is no longer good to a thousandth, so an integer cannot be told.
        if (Math.abs(value) > 64) continue;
        squares++;
        if (Math.abs(value * value - Math.round(value * value)) < 1e-3 && Math.round(value * value) > 0) roots++;
      }
      next -= data.length;
    },
    result: () => ({
      integers: seen === 0 ? 0 : integers / seen,
      rootsOfIntegers: squares === 0 ? 0 : roots / squares,
    }),
  };
}

/** The phase of the first Fourier coefficient along each axis: a centre of mass that may lie across the border. */
function torusCentroid(image: Float64Array, height: number, width: number): [number, number] {
  const sums = [0, 0, 0, 0];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = image[y * width + x];
      sums[0] += value * Math.cos((2 * Math.PI * y) / height);
      sums[1] += value * Math.sin((2 * Math.PI * y) / height);
      sums[2] += value * Math.cos((2 * Math.PI * x) / width);
      sums[3] += value * Math.sin((2 * Math.PI * x) / width);
    }
  const index = (cos: number, sin: number, n: number): number => ((Math.atan2(sin, cos) / (2 * Math.PI)) * n + n) % n;
  return [index(sums[0], sums[1], height), index(sums[2], sums[3], width)];
}

function dcLocation(centroid: readonly [number, number], height: number, width: number): PatternStatistics["dc"] {
  const near = (target: readonly [number, number]): boolean =>
    [height, width].every((n, axis) => {
      const gap = Math.abs(centroid[axis] - target[axis]);
      return Math.min(gap, n - gap) <= n / 8;
    });
  if (near([Math.floor(height / 2), Math.floor(width / 2)])) return "center";
  return near([0, 0]) ? "corner" : "elsewhere";
}

function badPixels(
  mean: Float64Array,
  height: number,
  width: number,
): { deadPixels: [number, number][]; hotPixels: [number, number][] } {
  const overall = mean.reduce((sum, value) => sum + value, 0) / mean.length;
  const deadPixels: [number, number][] = [];
  const hotPixels: [number, number][] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      // Across the border too: with the zero frequency at the corner the brightest pixels are neighbours there.
      const around: number[] = [];
      for (const dy of [height - 1, 0, 1])
        for (const dx of [width - 1, 0, 1])
          if (dy !== 0 || dx !== 0) around.push(mean[((y + dy) % height) * width + ((x + dx) % width)]);
      const middle = around.sort((a, b) => a - b)[around.length >> 1];
      const value = mean[y * width + x];
      if (value === 0 && middle > 0.1 * overall) deadPixels.push([y, x]);
      if (value > 10 * middle && value > overall) hotPixels.push([y, x]);
    }
  return { deadPixels, hotPixels };
}

function spreadOf(values: Float64Array): Spread {
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { mean: sum / values.length, min, max };
}
