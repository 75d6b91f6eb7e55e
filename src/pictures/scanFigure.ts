import { type FigureOptions, figure } from "./figure.ts";
import type { Sheet } from "./sheet.ts";

/** Where a scan went, and how well it covers the object. */
export interface ScanPicture {
  /** `[y, x]`, how much weight patches put on a pixel. */
  readonly coverage: Float32Array;
  readonly height: number;
  readonly width: number;
  /** `[frame, 2]` as (y, x), in object pixels. */
  readonly positions: Float64Array;
  /** Where pixel [0, 0] of the coverage sits, in the positions' object pixels. */
  readonly origin: { readonly y: number; readonly x: number };
}

/** More cannot be told apart, and would take more memory to draw than the scan's reconstruction. */
const MOST_DOTS = 10_000;

/** The coverage of the object, with the centres of the probe's windows over it. */
export function scanFigure(
  { coverage, height, width, positions, origin }: ScanPicture,
  options: FigureOptions = {},
): Sheet {
  const count = positions.length / 2;
  const every = Math.max(1, Math.ceil(count / MOST_DOTS));
  const dots = Array.from(
    { length: Math.ceil(count / every) },
    (_, k) => [positions[2 * every * k] - origin.y, positions[2 * every * k + 1] - origin.x] as const,
  );
  const panel = {
    title: `Coverage, and ${every === 1 ? count : `one in ${every} of ${count}`} positions`,
    image: coverage,
    height,
    width,
    colormap: "sequential",
    unit: "weight over the largest",
    mask: coverage,
    dots,
  } as const;
  return figure([panel], options);
}
