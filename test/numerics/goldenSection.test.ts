import { expect, test } from "vitest";
import { maximiseBetween } from "../../src/numerics/goldenSection.ts";

test.each([
  ["inside", (x: number) => -((x - 0.3) ** 2), -1, 2, 0.3],
  ["at an end", (x: number) => x, -1, 2, 2],
  ["where a cosine has it", (x: number) => Math.cos(x), -0.9, 1.4, 0],
])("finds the peak %s", (_name, f, low, high, expected) => {
  // A maximum is flat: half the digits of its place can be told.
  expect(maximiseBetween(f, low, high)).toBeCloseTo(expected, 7);
});
