import * as fc from "fast-check";
import { expect, test } from "vitest";
import { largestRectangle } from "../../src/metrics/coverage.ts";

/** Every rectangle, tried. */
function bruteForce(mask: readonly number[], height: number, width: number): number {
  let best = 0;
  for (let top = 0; top < height; top++) {
    for (let left = 0; left < width; left++) {
      for (let bottom = top + 1; bottom <= height; bottom++) {
        for (let right = left + 1; right <= width; right++) {
          let full = true;
          for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) full &&= mask[i * width + j] === 1;
          if (full) best = Math.max(best, (bottom - top) * (right - left));
        }
      }
    }
  }
  return best;
}

test("finds the largest rectangle of any mask", () => {
  const [height, width] = [6, 7];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0, 1, 1), { minLength: 42, maxLength: 42 }), (mask) => {
      fc.pre(mask.includes(1));
      const found = largestRectangle(mask, [height, width]);
      expect(found.height * found.width).toBe(bruteForce(mask, height, width));
      for (let i = found.top; i < found.top + found.height; i++) {
        for (let j = found.left; j < found.left + found.width; j++) expect(mask[i * width + j]).toBe(1);
      }
    }),
    { seed: 3, numRuns: 200 },
  );
});

test("refuses an empty mask", () => {
  expect(() => largestRectangle([0, 0], [1, 2])).toThrow(/nothing to compare/);
});
