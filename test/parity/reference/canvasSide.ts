import { PtychonautError } from "../../../src/errors.ts";

/**
 * Side of the canvas for groups of g × g patches: M = N + (g − 1) e, e = ⌈maxNeighborDistance⌉ rounded up to even.
 * @param n side of a patch
 * @param gridsize g
 * @param maxNeighborDistance pixels
 * @throws PtychonautError "usage" for a negative or infinite distance
 */
export function canvasSide(n: number, gridsize: number, maxNeighborDistance: number): number {
  if (!(maxNeighborDistance >= 0) || !Number.isFinite(maxNeighborDistance))
    throw new PtychonautError("usage", "the largest distance of neighbours must be a length in pixels", {
      got: `${maxNeighborDistance}`,
    });
  return n + (gridsize - 1) * 2 * Math.ceil(Math.ceil(maxNeighborDistance) / 2);
}
