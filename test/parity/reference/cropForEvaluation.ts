import { type ComplexImage, centreCrop, crop } from "../../../src/metrics/image.ts";

/**
 * Crops the reference to the scan's bounding box widened by half a window, rows ⌊min y⌋ − M/2 … ⌊max y⌋ + M/2 (clamped
 * to the image), then both images to the size they have in common, about their middles.
 *
 * @param positions `[frame, 2]` as (y, x) in the reference's pixels
 * @param side M, the side of the stitched patches
 */
export function cropForEvaluation(
  reconstruction: ComplexImage,
  reference: ComplexImage,
  positions: Float64Array,
  side: number,
): { readonly reconstruction: ComplexImage; readonly reference: ComplexImage } {
  const span = (axis: 0 | 1): [start: number, length: number] => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let k = axis; k < positions.length; k += 2) {
      low = Math.min(low, positions[k]);
      high = Math.max(high, positions[k]);
    }
    const half = Math.floor(side / 2);
    const start = Math.max(0, Math.trunc(low) - half);
    return [start, Math.min(reference.shape[axis], Math.trunc(high) + half) - start];
  };
  const [[top, height], [left, width]] = [span(0), span(1)];
  const box = crop(reference, { top, left, height, width });
  const common = [Math.min(height, reconstruction.shape[0]), Math.min(width, reconstruction.shape[1])] as const;
  return { reconstruction: centreCrop(reconstruction, common), reference: centreCrop(box, common) };
}
