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

/** The coverage of the object, with the centres of the probe's windows over it. */
export function scanFigure(
  { coverage, height, width, positions, origin }: ScanPicture,
  options: FigureOptions = {},
): Sheet {
  const dots = Array.from(
    { length: positions.length / 2 },
    (_, frame) => [positions[2 * frame] - origin.y, positions[2 * frame + 1] - origin.x] as const,
  );
  const panel = {
    title: `Coverage, and ${dots.length} positions`,
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
