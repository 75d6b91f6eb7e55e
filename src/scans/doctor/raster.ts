import { median } from "../../numerics/median.ts";

/** A scan over a grid of rows and columns, its frames in reading order or turning at each row's end. */
export interface Raster {
  readonly rows: number;
  readonly columns: number;
  /** Along rows and columns, object pixels. */
  readonly step: readonly [number, number];
  /** Root mean square distance of a position from its place in the grid over the step. */
  readonly jitter: number;
  /** Which axis changes from frame to frame: 1 is x. */
  readonly fast: 0 | 1;
  readonly snake: boolean;
}

/**
 * The grid that positions lie on in the order of their frames; undefined where they do not. Rows are the stretches between
 * jumps of the fast coordinate (or of the slow one, where the scan turns round).
 * @param positions `[frame, 2]`
 */
export function rasterOf(positions: Float64Array): Raster | undefined {
  return along(positions, 1) ?? along(positions, 0);
}

function along(positions: Float64Array, fast: 0 | 1): Raster | undefined {
  const count = positions.length / 2;
  const at = (frame: number, axis: number): number => positions[2 * frame + axis];
  const steps = Array.from({ length: count - 1 }, (_, k) => at(k + 1, fast) - at(k, fast));
  if (steps.length < 8) return undefined;
  const size = median(steps.map(Math.abs));
  if (!(size > 0)) return undefined;
  const slow = (1 - fast) as 0 | 1;
  // A row ends where the fast coordinate does not go on by a step as before.
  const ends = steps.flatMap((step, k) => {
    const turned = k > 0 && Math.abs(step) < 0.5 * size;
    return Math.abs(step) > 2.5 * size || turned ? [k + 1] : [];
  });
  const columns = ends[0] ?? 0;
  const rows = Math.ceil(count / Math.max(1, columns));
  if (columns < 3 || rows < 3 || ends.some((end, k) => end !== columns * (k + 1))) return undefined;
  const snake = steps[columns] !== undefined && Math.abs(steps[columns - 1]) < 0.5 * size;
  const slowStep = (at(columns * (rows - 1), slow) - at(0, slow)) / (rows - 1);
  const fastStep = (at(columns - 1, fast) - at(0, fast)) / (columns - 1);
  if (!(Math.abs(slowStep) > 0) || !(Math.abs(fastStep) > 0)) return undefined;
  let squares = 0;
  for (let k = 0; k < count; k++) {
    const [row, column] = [Math.floor(k / columns), k % columns];
    const place = snake && row % 2 === 1 ? columns - 1 - column : column;
    squares +=
      ((at(k, slow) - at(0, slow)) / slowStep - row) ** 2 + ((at(k, fast) - at(0, fast)) / fastStep - place) ** 2;
  }
  const jitter = Math.sqrt(squares / count / 2);
  if (!(jitter < 0.5)) return undefined;
  const step = fast === 1 ? ([slowStep, fastStep] as const) : ([fastStep, slowStep] as const);
  return { rows, columns, step: [Math.abs(step[0]), Math.abs(step[1])], jitter, fast, snake };
}
