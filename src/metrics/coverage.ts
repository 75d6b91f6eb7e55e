import { PtychonautError } from "../errors.ts";
import type { Rectangle } from "./image.ts";

/**
 * The largest rectangle of pixels with mask 1. Every row is the base of a histogram of how many valid pixels stand on it;
 * the largest rectangle in a histogram needs one pass with a stack of rising heights.
 *
 * @param mask `[height, width]` row-major
 * @throws PtychonautError "usage" when no pixel is valid.
 */
export function largestRectangle(mask: ArrayLike<number>, [height, width]: readonly [number, number]): Rectangle {
  const columns = new Int32Array(width + 1);
  const stack = new Int32Array(width + 1);
  let best: Rectangle = { top: 0, left: 0, height: 0, width: 0 };
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) columns[j] = mask[i * width + j] === 0 ? 0 : columns[j] + 1;
    let depth = 0;
    // The extra column of height 0 closes every rectangle that is still open.
    for (let j = 0; j <= width; j++) {
      while (depth > 0 && columns[stack[depth - 1]] >= columns[j]) {
        const tall = columns[stack[--depth]];
        const left = depth > 0 ? stack[depth - 1] + 1 : 0;
        if (tall * (j - left) > best.height * best.width) {
          best = { top: i - tall + 1, left, height: tall, width: j - left };
        }
      }
      stack[depth++] = j;
    }
  }
  if (best.height === 0) {
    throw new PtychonautError("usage", "there is nothing to compare: no pixel is covered in both images", {
      fix: "check the mask and the origin of the reconstruction",
    });
  }
  return best;
}
