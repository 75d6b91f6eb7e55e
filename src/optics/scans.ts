import { PtychonautError } from "../errors.ts";
import type { Random } from "../random.ts";

/** Scan paths in object pixels. */
export type ScanPath = RasterScan | FermatScan;

/** Rows of a square grid, top left to bottom right; the last row may be incomplete. */
export interface RasterScan {
  readonly kind: "raster";
  readonly count: number;
  /** Grid constant, object pixels. */
  readonly step: number;
  /** Each position moves by a uniform ±jitter · step along y and x, which breaks the grid's periodic artefacts. Default 0.15. */
  readonly jitter?: number;
}

/** Fermat spiral with the golden angle (Huang et al., Opt. Express 22, 12634 (2014)): uniform density, no period. */
export interface FermatScan {
  readonly kind: "fermat";
  readonly count: number;
  /** Mean distance, object pixels: one position per step². */
  readonly step: number;
}

const goldenAngle = Math.PI * (3 - Math.sqrt(5));

/** Positions `[count, 2]` as (y, x) around the origin. */
export function scanPath(path: ScanPath, random: Random): Float64Array {
  if (!(Number.isInteger(path.count) && path.count > 0 && path.step > 0)) {
    throw new PtychonautError("usage", "a scan needs a positive number of positions and a positive step", {
      got: `count ${path.count}, step ${path.step}`,
    });
  }
  return path.kind === "raster" ? raster(path, random) : fermat(path);
}

function raster({ count, step, jitter = 0.15 }: RasterScan, random: Random): Float64Array {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const moved = (): number => jitter * step * (2 * random.uniform() - 1);
  const positions = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    positions[2 * k] = (Math.floor(k / columns) - (rows - 1) / 2) * step + moved();
    positions[2 * k + 1] = ((k % columns) - (columns - 1) / 2) * step + moved();
  }
  return positions;
}

function fermat({ count, step }: FermatScan): Float64Array {
  const scale = step / Math.sqrt(Math.PI);
  const positions = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    // Half a position in from the first: the disk of radius r then holds π r² / step² positions.
    const radius = scale * Math.sqrt(k + 0.5);
    positions[2 * k] = radius * Math.sin(k * goldenAngle);
    positions[2 * k + 1] = radius * Math.cos(k * goldenAngle);
  }
  return positions;
}

/**
 * Smallest object `[height, width]` (both even) in which windows of side n at these positions fit with `margin` pixels
 * to spare on every side, the origin of the positions at its middle.
 */
export function objectSizeFor(positions: Float64Array, n: number, margin = 2): [height: number, width: number] {
  const reach = [0, 0];
  for (let k = 0; k < positions.length; k++) reach[k % 2] = Math.max(reach[k % 2], Math.abs(positions[k]));
  const side = (r: number): number => 2 * Math.ceil(r + n / 2 + margin);
  return [side(reach[0]), side(reach[1])];
}

/**
 * Positions as window centres inside an object `[height, width]`: the origin goes to its middle.
 *
 * @throws PtychonautError "usage" when a window of side n would reach over the object's edge.
 */
export function positionsInObject(
  positions: Float64Array,
  [height, width]: readonly [number, number],
  n: number,
): Float64Array {
  const placed = positions.map((value, k) => value + (k % 2 === 0 ? height : width) / 2);
  const half = Math.floor(n / 2);
  for (let k = 0; k < placed.length; k++) {
    const first = placed[k] - half;
    if (first < 0 || first + n > (k % 2 === 0 ? height : width)) {
      const [minHeight, minWidth] = objectSizeFor(positions, n, 0);
      throw new PtychonautError("usage", "the scan does not fit the object", {
        expected: `an object of at least ${minHeight} × ${minWidth} pixels`,
        got: `${height} × ${width}`,
        fix: "use a larger object, fewer positions or a smaller step",
      });
    }
  }
  return placed;
}
