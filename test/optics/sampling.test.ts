import { expect, test } from "vitest";
import { type ComplexArray, complexZeros } from "../../src/arrays.ts";
import { extractPatch } from "../../src/optics/sampling.ts";

const [height, width] = [20, 24];

/** Bilinear in (row, column), so bilinear interpolation is exact. */
const value = (y: number, x: number): [number, number] => [0.3 * y - 0.2 * x + 0.01 * x * y, 1 + 0.5 * x];
const object: ComplexArray = complexZeros([height, width]);
for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) object.data.set(value(y, x), 2 * (y * width + x));

test.each([
  [10, 12, 8],
  [9.25, 11.75, 8],
  [9.5, 10.125, 7],
])("window at (%d, %d) of side %d shows object(y − n/2 + i, x − n/2 + j)", (y, x, n) => {
  const patch = extractPatch(object, y, x, n);
  for (const [i, j] of [
    [0, 0],
    [n - 1, 2],
    [3, n - 1],
  ] as const) {
    const [re, im] = value(y - Math.floor(n / 2) + i, x - Math.floor(n / 2) + j);
    expect(patch[2 * (i * n + j)]).toBeCloseTo(re, 5);
    expect(patch[2 * (i * n + j) + 1]).toBeCloseTo(im, 5);
  }
});

test("the object is zero outside, and its last row and column count", () => {
  const patch = extractPatch(object, height - 1, width - 1, 4);
  expect(patch[2 * (1 * 4 + 1)]).toBeCloseTo(value(height - 2, width - 2)[0], 5);
  expect(patch[2 * (2 * 4 + 2)]).toBeCloseTo(value(height - 1, width - 1)[0], 5);
  expect(patch[2 * (3 * 4 + 3)]).toBe(0);
  const half = extractPatch(object, 0, -0.5, 2);
  expect(half[2 * (1 * 2 + 1)]).toBeCloseTo(value(0, 0)[0] / 2, 5);
});
