/** Along one axis: value `at` of the source for each of the result, in the source's pixels, and pixels averaged over. */
export interface Sampling {
  readonly count: number;
  /** Of the result's pixel k, where in the source: `first` + k `step`. */
  readonly first: number;
  readonly step: number;
}

/** Half-width of the window in pixels of the coarser of the two grids. */
const LOBES = 3;

/**
 * Planes on another grid, interleaved complex or real, each axis by a sinc under a window of three lobes (Lanczos), whose
 * pixels are those of the coarser grid: what it cannot hold is averaged away. Weights sum to 1, so that a flat plane stays flat;
 * beyond the edges it goes on as it ends there.
 *
 * @param values `[planes, height, width]` of `parts` numbers each
 * @param axes rows and columns of the result
 */
export function resampled(
  values: ArrayLike<number>,
  [planes, height, width]: readonly [planes: number, height: number, width: number],
  parts: 1 | 2,
  [rows, columns]: readonly [Sampling, Sampling],
): Float32Array {
  const across = new Float64Array(planes * height * columns.count * parts);
  for (const [x, weights] of weightsOf(columns, width).entries())
    for (let row = 0; row < planes * height; row++)
      for (let part = 0; part < parts; part++) {
        let sum = 0;
        for (const { at, weight } of weights) sum += weight * values[(row * width + at) * parts + part];
        across[(row * columns.count + x) * parts + part] = sum;
      }
  const line = columns.count * parts;
  const out = new Float32Array(planes * rows.count * line);
  for (const [y, weights] of weightsOf(rows, height).entries())
    for (let plane = 0; plane < planes; plane++)
      for (let i = 0; i < line; i++) {
        let sum = 0;
        for (const { at, weight } of weights) sum += weight * across[(plane * height + at) * line + i];
        out[(plane * rows.count + y) * line + i] = sum;
      }
  return out;
}

interface Weight {
  readonly at: number;
  readonly weight: number;
}

function weightsOf({ count, first, step }: Sampling, length: number): readonly (readonly Weight[])[] {
  const pixel = Math.max(1, step);
  return Array.from({ length: count }, (_, k) => {
    const centre = first + k * step;
    const found: Weight[] = [];
    for (let i = Math.ceil(centre - LOBES * pixel); i <= centre + LOBES * pixel; i++) {
      const u = (i - centre) / pixel;
      found.push({ at: Math.min(length - 1, Math.max(0, i)), weight: sinc(u) * sinc(u / LOBES) });
    }
    const sum = found.reduce((total, { weight }) => total + weight, 0);
    return found.map(({ at, weight }) => ({ at, weight: weight / sum }));
  });
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
