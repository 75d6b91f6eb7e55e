import { expect, test } from "vitest";
import { compatFrcThreshold } from "../../src/reference/compat.ts";

// The reference system counts rings 0, 1, … until r / (side / 2) has reached 1: an odd side has one just above.
test.each([
  [8, [0, 0.25, 0.5, 0.75, 1]],
  [7, [0, 2 / 7, 4 / 7, 6 / 7, 8 / 7]],
  [9, [0, 2 / 9, 4 / 9, 6 / 9, 8 / 9, 10 / 9]],
])("the threshold curve of side %i reaches the highest frequency", (side, frequencies) => {
  const snr = 0.5;
  const curve = compatFrcThreshold(side, snr);
  expect(Array.from(curve, (_, r) => r / (side / 2))).toEqual(frequencies);
  const last = 2 * Math.PI * (frequencies.length - 1);
  const middle = snr + (2 * Math.sqrt(snr)) / last;
  expect(curve.at(-1)).toBeCloseTo((middle + 1 / Math.sqrt(last)) / (middle + 1), 12);
});
