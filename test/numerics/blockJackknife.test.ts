import { expect, it } from "vitest";
import { affineFit } from "../../src/numerics/affineFit.ts";
import { blockJackknife } from "../../src/numerics/blockJackknife.ts";
import { Random } from "../../src/random.ts";

const side = 18;
const places = Float64Array.from({ length: 2 * side * side }, (_, i) =>
  i % 2 === 0 ? Math.floor(i / 2 / side) : (i >> 1) % side,
);

const pickedAt = (of: Float64Array, kept: Int32Array): Float64Array =>
  Float64Array.from({ length: 2 * kept.length }, (_, i) => of[2 * kept[i >> 1] + (i & 1)]);

const slope = (values: Float64Array, kept: Int32Array): number[] | undefined => {
  const fit = affineFit(pickedAt(values, kept), pickedAt(places, kept));
  return fit && [fit.matrix[1]];
};

/** Errors that squares of so many places share. */
const errorsOf = (random: Random, shared: number): Float64Array => {
  const own = Float64Array.from({ length: 2 * side * side }, () => random.normal());
  return own.map((_, i) => {
    const [y, x] = [places[i & ~1], places[i | 1]].map((at) => shared * Math.floor(at / shared));
    return own[2 * (y * side + x) + (i & 1)];
  });
};

it.each([1, 3])("knows the error of a slope where squares with a side of %i share theirs", (shared) => {
  const random = new Random(4);
  const all = Int32Array.from({ length: side * side }, (_, k) => k);
  let [found, told] = [0, 0];
  const trials = 60;
  for (let trial = 0; trial < trials; trial++) {
    const values = errorsOf(random, shared);
    found += (slope(values, all)?.[0] ?? Number.NaN) ** 2 / trials;
    told += (blockJackknife(places, (kept) => slope(values, kept))?.[0] ?? Number.NaN) ** 2 / trials;
  }
  // Of a mean of 60 squares, √(2 / 60) = 0.18, and of as many with eight degrees of freedom, half of that.
  expect(Math.abs(Math.log(told / found))).toBeLessThan(4 * 0.2);
});

it("says nothing of few places, or where a block is all that tells", () => {
  expect(blockJackknife(places.subarray(0, 34), () => [1])).toBeUndefined();
  expect(blockJackknife(places, (kept) => (kept.includes(0) ? [1] : undefined))).toBeUndefined();
});
