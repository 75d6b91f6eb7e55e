import { expect, test } from "vitest";
import { median, robustDeviation } from "../../src/numerics/median.ts";
import { Random } from "../../src/random.ts";

test("the middle value, the upper one of two, of numbers as numbers", () => {
  const values = [10, 9, 2, 100, 1];
  expect(median(values)).toBe(9);
  expect(values).toEqual([10, 9, 2, 100, 1]);
  expect(median([4, 1, 3, 2])).toBe(3);
  expect(median([])).toBeUndefined();
});

test("the robust deviation is that of normal values, whatever one of them is", () => {
  const random = new Random(5);
  const values = Float64Array.from({ length: 4000 }, () => 7 + 3 * random.normal());
  values[17] = 1e9;
  // Its standard error is 1.17 / √n of it; four of them.
  expect(Math.abs(robustDeviation(values) / 3 - 1)).toBeLessThan((4 * 1.17) / Math.sqrt(4000));
});
