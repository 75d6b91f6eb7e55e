import type { ComplexArray } from "../../../src/arrays.ts";
import { type Canvas, meanPosition } from "../../../src/inference/canvas.ts";
import { uniformWeights } from "../../../src/inference/patchWeights.ts";
import { createStitcher, type Stitched } from "../../../src/inference/stitch.ts";

/**
 * The reference system's uniform stitcher: equal weights on the tightest square canvas around the mean position.
 * @param patches `[patch, y, x]`
 * @param positions `[patch, 2]` as (y, x), object pixels
 */
export function mergeCropped(patches: ComplexArray, positions: Float64Array, trim: number): Stitched {
  const stitcher = createStitcher({ canvas: planSquareCanvas(positions, trim), trim, weights: uniformWeights(trim) });
  stitcher.add(patches, positions);
  return stitcher.finish();
}

/** The tightest square canvas centred on the mean position: `trim + 2 e`, e = `ceil(max |r - mean|)` rounded up to even. */
function planSquareCanvas(positions: Float64Array, trim: number): Canvas {
  const mean = meanPosition(positions);
  const reach = positions.reduce((most, r, i) => Math.max(most, Math.abs(r - (i % 2 === 0 ? mean.y : mean.x))), 0);
  const side = trim + 4 * Math.ceil(Math.ceil(reach) / 2);
  const half = Math.floor(side / 2);
  return { height: side, width: side, origin: { y: mean.y - half, x: mean.x - half } };
}
