import { describe, expect, it } from "vitest";
import { unwrapPhase } from "../../src/numerics/unwrapPhase.ts";
import { Random } from "../../src/random.ts";

const [height, width] = [40, 53];
const turn = 2 * Math.PI;
const image = (of: (y: number, x: number) => number): Float64Array =>
  Float64Array.from({ length: height * width }, (_, k) => of(Math.floor(k / width), k % width));
const wrap = (phase: Float64Array): Float64Array => phase.map((value) => value - turn * Math.round(value / turn));

/** Largest difference, after one common number of turns was taken out. */
function deviation(found: Float64Array, truth: Float64Array): number {
  const turns = Math.round((truth[0] - found[0]) / turn);
  return Math.max(...found.map((value, k) => Math.abs(value + turn * turns - truth[k])));
}

describe("unwrapping", () => {
  it.each([
    ["a ramp", (y: number, x: number) => 2.1 * y - 1.3 * x],
    ["a lens", (y: number, x: number) => 0.05 * ((y - 17) ** 2 + (x - 30) ** 2)],
    ["a saddle", (y: number, x: number) => 0.045 * ((y - 20) ** 2 - (x - 20) ** 2)],
  ])("gives back %s whose steps are below half a turn", (_, of) => {
    const truth = image(of);
    // Whole turns are added to wrapped values: a few roundings of numbers up to 100.
    expect(deviation(unwrapPhase(wrap(truth), [height, width]), truth)).toBeLessThan(1e-12);
  });

  it("keeps what a patch of noise does outside of it", () => {
    const random = new Random(3);
    const noisy = (y: number, x: number): boolean => y >= 10 && y < 16 && x >= 20 && x < 26;
    const truth = image((y, x) => 0.04 * ((y - 17) ** 2 + (x - 30) ** 2));
    const seen = wrap(
      truth.map((value, k) => (noisy(Math.floor(k / width), k % width) ? turn * random.uniform() : value)),
    );
    const found = unwrapPhase(seen, [height, width]);
    const outside = (_: number, k: number): boolean => !noisy(Math.floor(k / width), k % width);
    expect(deviation(found.filter(outside), truth.filter(outside))).toBeLessThan(1e-12);
  });
});
