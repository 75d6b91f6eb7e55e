import { expect, it } from "vitest";
import { affineFit, affineValues } from "../../src/numerics/affineFit.ts";
import { Random } from "../../src/random.ts";

const matrix = [0.01, -0.02, 0.03, 0.005] as const;
const random = new Random(2);
const places = Float64Array.from({ length: 400 }, () => 50 * random.uniform());
const truth = affineValues({ matrix, shift: [1, -2], centre: [25, 25] }, places);

it("finds an affine function, whatever a tenth of the values are", () => {
  const values = truth.map((value, k) => (k % 20 < 2 ? 30 * random.normal() : value));
  const fit = affineFit(values, places);
  fit?.matrix.forEach((value, i) => {
    expect(Math.abs(value - matrix[i])).toBeLessThan(1e-9);
  });
});

it("says nothing of places on a line, or of too few", () => {
  expect(
    affineFit(
      places,
      Float64Array.from({ length: 400 }, (_, k) => k >> 1),
    ),
  ).toBeUndefined();
  expect(affineFit(Float64Array.of(1, 2, 3, 4, 5, 6), Float64Array.of(0, 0, 0, 1, 1, 0))).toBeUndefined();
});
