import { median } from "../../numerics/median.ts";

/** A scan over a grid of rows and columns, its frames in reading order or turning at each row's end. */
export interface Raster {
  /** Rows are what frames follow each other in, whatever their direction. */
  readonly rows: number;
  readonly columns: number;
  /** From column to column and from row to row, (y, x) in object pixels. */
  readonly along: readonly [number, number];
  readonly across: readonly [number, number];
  /** Root mean square distance of a position from its place in the grid, along each of the two axes, over the shorter step. */
  readonly jitter: number;
  readonly snake: boolean;
}

const LEAST_LINE = 3;
/** Farther from the grid than this part of a step a position is nobody's neighbour. */
const MOST_JITTER = 0.4;

/**
 * The grid that positions lie on in the order of their frames; undefined where they do not. Rows end where a step is not the
 * usual one, forth or back; the grid is the affine one that fits all positions best, so rows may run in any direction.
 * @param positions `[frame, 2]`
 */
export function rasterOf(positions: Float64Array): Raster | undefined {
  const count = positions.length / 2;
  if (count < LEAST_LINE ** 2) return undefined;
  const steps = Array.from({ length: count - 1 }, (_, k): [number, number] => [
    positions[2 * k + 2] - positions[2 * k],
    positions[2 * k + 3] - positions[2 * k + 1],
  ]);
  const first = usualStep(steps.slice(0, LEAST_LINE - 1));
  const size = median(steps.map(([y, x]) => Math.hypot(y, x)));
  if (!(size > 0)) return undefined;
  const ends = steps.flatMap((step, k) => (isAlong(step, first, size) ? [] : [k + 1]));
  const columns = ends[0] ?? 0;
  const rows = Math.ceil(count / Math.max(1, columns));
  if (columns < LEAST_LINE || rows < LEAST_LINE || ends.some((end, k) => end !== columns * (k + 1))) return undefined;
  const second = usualStep(steps.slice(columns, columns + LEAST_LINE - 1));
  const snake = first[0] * second[0] + first[1] * second[1] < 0;
  return fitted(positions, { rows, columns, snake });
}

/** Both components' medians. */
const usualStep = (steps: readonly (readonly [number, number])[]): [number, number] => [
  median(steps.map(([y]) => y)),
  median(steps.map(([, x]) => x)),
];

function isAlong([y, x]: readonly [number, number], [v, u]: readonly [number, number], size: number): boolean {
  return Math.min(Math.hypot(y - v, x - u), Math.hypot(y + v, x + u)) < 0.8 * size;
}

/** Least squares of position = origin + column · along + row · across. */
function fitted(
  positions: Float64Array,
  { rows, columns, snake }: Pick<Raster, "rows" | "columns" | "snake">,
): Raster | undefined {
  const count = positions.length / 2;
  const place = (k: number): [row: number, column: number] => {
    const [row, column] = [Math.floor(k / columns), k % columns];
    return [row, snake && row % 2 === 1 ? columns - 1 - column : column];
  };
  const places = Array.from({ length: count }, (_, k) => place(k));
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / count;
  const [row, column] = [0, 1].map((axis) => {
    const own = places.map((at) => at[axis]);
    const middle = mean(own);
    return own.map((value) => value - middle);
  });
  const [y, x] = [0, 1].map((axis) => {
    const own = Array.from({ length: count }, (_, k) => positions[2 * k + axis]);
    const middle = mean(own);
    return own.map((value) => value - middle);
  });
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, k) => sum + value * b[k], 0);
  const [rr, cc, rc] = [dot(row, row), dot(column, column), dot(row, column)];
  const determinant = rr * cc - rc * rc;
  const solve = (values: readonly number[]): [across: number, along: number] => {
    const [rv, cv] = [dot(row, values), dot(column, values)];
    return [(rv * cc - cv * rc) / determinant, (cv * rr - rv * rc) / determinant];
  };
  const [[acrossY, alongY], [acrossX, alongX]] = [solve(y), solve(x)];
  const step = Math.min(Math.hypot(acrossY, acrossX), Math.hypot(alongY, alongX));
  let squares = 0;
  for (let k = 0; k < count; k++)
    squares +=
      (y[k] - row[k] * acrossY - column[k] * alongY) ** 2 + (x[k] - row[k] * acrossX - column[k] * alongX) ** 2;
  const jitter = Math.sqrt(squares / count / 2) / step;
  if (!(step > 0) || !(jitter < MOST_JITTER)) return undefined;
  return { rows, columns, snake, jitter, along: [alongY, alongX], across: [acrossY, acrossX] };
}
