import type { Reconstruction } from "../reconstructions/reconstructionNpz.ts";
import type { Stitched } from "./stitch.ts";

/**
 * A stitched canvas as it is saved: coverage is the sum of weights divided by its maximum.
 * @param positions `[frame, 2]` as (y, x), object pixels: the positions that were stitched
 * @param pixelRatio object pixel over that of the scan's file as stored, (y, x)
 */
export function toReconstruction(
  stitched: Pick<Stitched, "object" | "weight" | "canvas">,
  positions: Float64Array,
  pixelSizeM?: number,
  pixelRatio?: readonly [y: number, x: number],
): Reconstruction {
  const heaviest = stitched.weight.reduce((a, b) => Math.max(a, b), 0) || 1;
  return {
    object: stitched.object,
    coverage: stitched.weight.map((weight) => weight / heaviest),
    positions,
    origin: stitched.canvas.origin,
    ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
    ...(pixelRatio === undefined ? {} : { pixelRatio }),
  };
}
