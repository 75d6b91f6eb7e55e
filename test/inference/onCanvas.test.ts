import { expect, it } from "vitest";
import { onCanvas } from "../../src/inference/onCanvas.ts";

/** Each pixel holds its own place. */
const object = {
  shape: [5, 7],
  data: Float32Array.from({ length: 70 }, (_, i) => (i % 2 === 0 ? 1 + Math.floor(i / 14) : 1 + ((i >> 1) % 7))),
};

it.each([
  [0, 0, 5, 7],
  [2, 3, 4, 2],
  [-3, -2, 12, 12],
  [3, -4, 8, 6],
  [20, 20, 3, 3],
])("a canvas from (%i, %i) of %i x %i shows every pixel in its place, and nothing beyond", (y, x, height, width) => {
  const [top, left] = [10, -6];
  const seen = onCanvas(object, [top, left], { height, width, origin: { y: top + y, x: left + x } });
  expect(seen.shape).toEqual([height, width]);
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      const inside = i + y >= 0 && i + y < 5 && j + x >= 0 && j + x < 7;
      expect(Array.from(seen.data.subarray(2 * (i * width + j)).slice(0, 2))).toEqual(
        inside ? [i + y + 1, j + x + 1] : [0, 0],
      );
    }
});
