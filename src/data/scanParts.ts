import { windowsOverlap } from "./neighbours.ts";
import { PointTree } from "./pointTree.ts";

/** Pixels of the canvas on which a scan's patches are put together, at most, unless more are asked for: 8192 squared, 3 GB. */
export const MAX_CANVAS_PIXELS: number = 2 ** 26;

/** A canvas that is this many times what the parts of a scan cover holds mostly nothing … */
const EMPTINESS = 32;
/** … which does no harm below this many pixels. */
const HARMLESS = 2 ** 22;

/**
 * Pixels of the canvas that a scan may have unless more are asked for: what lies between parts that are far from each other
 * was never seen, so it is bounded by what the parts cover, each in a box of its own.
 * @param window side of what is put together of each patch, pixels
 */
export function canvasLimit(positions: Float64Array, parts: readonly ScanPart[], window: number): number {
  const covered = parts.reduce((sum, { frames }) => sum + boxOf(positions, frames, window), 0);
  return Math.min(MAX_CANVAS_PIXELS, Math.max(HARMLESS, EMPTINESS * covered));
}

function boxOf(positions: Float64Array, frames: readonly number[], window: number): number {
  const sides = [0, 1].map((axis) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const frame of frames) {
      low = Math.min(low, positions[2 * frame + axis]);
      high = Math.max(high, positions[2 * frame + axis]);
    }
    return high - low + window;
  });
  return sides[0] * sides[1];
}

/** Frames that hang together by overlapping windows, and share none with any other frame. */
export interface ScanPart {
  /** Ascending. */
  readonly frames: readonly number[];
}

/**
 * The parts that a scan falls into: two frames are in one part if a chain of overlapping windows leads from one to the other.
 * What lies between two parts was never seen, and neither their common phase nor their common scale is known.
 * @param positions `[frame, 2]` as (y, x), object pixels, of the whole scan
 * @param window side of the square windows, pixels
 * @param frames those to look at; default all
 * @returns the largest first, of equal ones that of the first frame
 */
export function scanParts(positions: Float64Array, window: number, frames?: readonly number[]): ScanPart[] {
  const cells = cellsOf(positions, window, frames ?? Array.from({ length: positions.length / 2 }, (_, k) => k));
  const leaders = cells.map((_, i) => i);
  const leaderOf = (cell: number): number => {
    let at = cell;
    while (leaders[at] !== at) {
      leaders[at] = leaders[leaders[at]];
      at = leaders[at];
    }
    return at;
  };
  const byPlace = new Map(cells.map(({ row, column }, i) => [`${row},${column}`, i]));
  for (const [i, { row, column, members }] of cells.entries())
    for (const [dRow, dColumn] of NEXT) {
      const other = byPlace.get(`${row + dRow},${column + dColumn}`);
      if (other === undefined || leaderOf(i) === leaderOf(other)) continue;
      if (anyOverlap(positions, members, cells[other].members, window)) leaders[leaderOf(i)] = leaderOf(other);
    }
  const parts = new Map<number, number[]>();
  for (const [i, { members }] of cells.entries()) {
    const part = parts.get(leaderOf(i)) ?? [];
    for (const frame of members) part.push(frame);
    parts.set(leaderOf(i), part);
  }
  return [...parts.values()]
    .map((members) => ({ frames: members.sort((a, b) => a - b) }))
    .sort((a, b) => b.frames.length - a.frames.length || a.frames[0] - b.frames[0]);
}

/** Where a part lies seen from the largest: distance of the two nearest frames, object pixels. */
export function distanceToLargest(positions: Float64Array, [largest]: readonly ScanPart[], part: ScanPart): number {
  const tree = new PointTree(positions, largest.frames);
  let least = Number.POSITIVE_INFINITY;
  for (const frame of part.frames) {
    const [y, x] = [positions[2 * frame], positions[2 * frame + 1]];
    const [nearest] = tree.nearest(y, x, 1);
    least = Math.min(least, Math.hypot(positions[2 * nearest] - y, positions[2 * nearest + 1] - x));
  }
  return least;
}

/**
 * Says which frames are away from the rest, and how far; undefined for a scan of one part.
 * @param names numbers of the frames for people, where `positions` are not those of the whole scan
 */
export function describeParts(
  positions: Float64Array,
  parts: readonly ScanPart[],
  names: ArrayLike<number> | undefined = undefined,
): string | undefined {
  const [, ...others] = parts;
  if (others.length === 0) return undefined;
  const shown = others.slice(0, SHOWN).map((part) => {
    const distance = distanceToLargest(positions, parts, part);
    const frames = part.frames.map((frame) => names?.[frame] ?? frame);
    const lie = frames.length === 1 ? "lies" : "lie";
    return `${listFrames(frames)} ${lie} ${pixelsOf(distance)} pixels from the nearest of the others`;
  });
  const more = others.length > SHOWN ? `, and so on for ${others.length - SHOWN} more` : "";
  return `${shown.join(", ")}${more}`;
}

/** A distance for people. */
export const pixelsOf = (distance: number): string => String(Number(distance.toPrecision(distance < 1e4 ? 4 : 6)));

/** "frame 7" or "frames 7, 8, 9 …". */
export function listFrames(frames: readonly number[]): string {
  const more = frames.length > LISTED ? ` … (${frames.length} in all)` : "";
  return `${frames.length === 1 ? "frame" : "frames"} ${frames.slice(0, LISTED).join(", ")}${more}`;
}

/** Parts that a text describes, and frames that it names, at most. */
const SHOWN = 3;
const LISTED = 8;

/** Half of a cell's neighbours; the others have it as theirs. */
const NEXT = [
  [0, 1],
  [1, -1],
  [1, 0],
  [1, 1],
] as const;

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly members: number[];
}

/** Squares of the windows' side: the frames in one overlap each other, and only those in neighbouring ones besides. */
function cellsOf(positions: Float64Array, window: number, frames: readonly number[]): Cell[] {
  const cells = new Map<string, Cell>();
  for (const frame of frames) {
    const row = Math.floor(positions[2 * frame] / window);
    const column = Math.floor(positions[2 * frame + 1] / window);
    const key = `${row},${column}`;
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, { row, column, members: [frame] });
    else cell.members.push(frame);
  }
  return [...cells.values()];
}

function anyOverlap(positions: Float64Array, a: readonly number[], b: readonly number[], window: number): boolean {
  return a.some((frame) => b.some((other) => windowsOverlap(positions, frame, other, window)));
}
