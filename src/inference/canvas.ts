import { canvasLimit, describeParts, scanParts } from "../data/scanParts.ts";
import { PtychonautError, setting } from "../errors.ts";

/**
 * The grid on which predicted patches are collected. Canvas pixel `[i, j]` sits at object pixel
 * `(origin.y + i, origin.x + j)`; the origin may be fractional.
 */
export interface Canvas {
  readonly height: number;
  readonly width: number;
  readonly origin: { readonly y: number; readonly x: number };
}

export interface CanvasOptions {
  /**
   * Where the canvas centre (index `floor(extent / 2)`) sits in the object: at the mean position ("mean"), or at the
   * object pixel nearest to it ("pixel"), so that canvas and object share one grid and a comparison needs no
   * interpolation. Default "pixel".
   */
  readonly centre?: "mean" | "pixel";
  /** Canvases larger than this are refused, in pixels. Default `canvasLimit`. */
  readonly maxPixels?: number;
  /** Numbers of the frames that `positions` are of, for errors. Default: in order from 0. */
  readonly frames?: ArrayLike<number>;
}

/**
 * A canvas that covers the scan: `2 trim + 2 ceil(max |r - centre|)` along each axis, so that every patch keeps a
 * margin of half its side.
 *
 * @param positions `[frame, 2]` as (y, x), window centres in object pixels
 * @param trim side of the central part of each patch that will be placed, pixels
 * @throws PtychonautError "usage" when a position is not finite or the canvas would be absurdly large
 */
export function planCanvas(positions: Float64Array, trim: number, options: CanvasOptions = {}): Canvas {
  checkPositions(positions);
  const mean = meanPosition(positions);
  const round = options.centre === "mean" ? (value: number): number => value : Math.round;
  const centre = { y: round(mean.y), x: round(mean.x) };
  const reach = largestOffset(positions, centre);
  const canvas = canvasAround(centre, 2 * trim + 2 * Math.ceil(reach.y), 2 * trim + 2 * Math.ceil(reach.x));
  checkSize(canvas, positions, trim, options);
  return canvas;
}

/** Mean of `[frame, 2]` positions. */
export function meanPosition(positions: Float64Array): { y: number; x: number } {
  const count = positions.length / 2;
  let y = 0;
  let x = 0;
  for (let k = 0; k < count; k++) {
    y += positions[2 * k];
    x += positions[2 * k + 1];
  }
  return { y: y / count, x: x / count };
}

/** A position in object pixels as fractional canvas indices (y, x). */
export function toCanvas(canvas: Canvas, y: number, x: number): { y: number; x: number } {
  return { y: y - canvas.origin.y, x: x - canvas.origin.x };
}

/**
 * Whether the bilinear footprint of a patch stays clear of the canvas's last row and column and loses nothing on any
 * side.
 * @param corner canvas indices (y, x), fractional, of the patch's pixel [0, 0]
 */
export function isInside(canvas: Canvas, corner: { y: number; x: number }, trim: number): boolean {
  const row = Math.floor(corner.y);
  const column = Math.floor(corner.x);
  return row >= 0 && column >= 0 && row + trim <= canvas.height - 2 && column + trim <= canvas.width - 2;
}

function canvasAround(centre: { y: number; x: number }, height: number, width: number): Canvas {
  const origin = { y: centre.y - Math.floor(height / 2), x: centre.x - Math.floor(width / 2) };
  return { height, width, origin };
}

function largestOffset(positions: Float64Array, centre: { y: number; x: number }): { y: number; x: number } {
  let y = 0;
  let x = 0;
  for (let k = 0; k < positions.length; k += 2) {
    y = Math.max(y, Math.abs(positions[k] - centre.y));
    x = Math.max(x, Math.abs(positions[k + 1] - centre.x));
  }
  return { y, x };
}

function checkPositions(positions: Float64Array): void {
  if (positions.length === 0 || positions.length % 2 !== 0)
    throw new PtychonautError("usage", "a canvas needs scan positions", {
      expected: "[frame, 2] values with at least one frame",
      got: `${positions.length} values`,
    });
  const bad = positions.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new PtychonautError("usage", "a scan position is not a finite number", {
      got: `${positions[bad]} at frame ${Math.floor(bad / 2)}`,
      fix: "remove the frame or repair its position",
    });
}

/** One wild position must not allocate the machine's memory: says which frames lie how far away. */
function checkSize(canvas: Canvas, positions: Float64Array, trim: number, options: CanvasOptions): void {
  const { frames } = options;
  const pixels = canvas.height * canvas.width;
  if (options.maxPixels !== undefined && pixels <= options.maxPixels) return;
  const parts = scanParts(positions, trim);
  const maxPixels = options.maxPixels ?? canvasLimit(positions, parts, trim);
  if (pixels <= maxPixels) return;
  const away = describeParts(positions, parts, frames);
  const apart = away === undefined ? "" : `; ${away}`;
  throw new PtychonautError("usage", "the scan needs too large a canvas", {
    expected: `at most ${maxPixels} pixels`,
    got: `${canvas.height} x ${canvas.width} pixels${apart}`,
    fix:
      `check that positions are in object pixels${away === undefined ? "" : `, leave out the frames that are away with ${setting("skip_frames")}`}, ` +
      `or raise ${setting("max_canvas_pixels")} if the scan really is this large`,
  });
}
