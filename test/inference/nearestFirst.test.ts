import fc from "fast-check";
import { expect, it } from "vitest";
import { nearestFirstOrder } from "../../src/inference/nearestFirst.ts";

/** Prim's algorithm as it is written down: every distance looked at, the first of the list among equals. */
function bruteForce(positions: Float64Array): number[] {
  const waiting = Array.from({ length: positions.length / 2 }, (_, k) => k);
  const order: number[] = [];
  const distanceTo = (k: number): number =>
    order.reduce((least, other) => {
      const [dy, dx] = [0, 1].map((axis) => positions[2 * k + axis] - positions[2 * other + axis]);
      return Math.min(least, dy * dy + dx * dx);
    }, Number.POSITIVE_INFINITY);
  while (waiting.length > 0) {
    const distances = waiting.map(distanceTo);
    const next = distances.indexOf(distances.reduce((a, b) => Math.min(a, b)));
    order.push(waiting[next]);
    const last = waiting.pop() as number;
    if (next < waiting.length) waiting[next] = last;
  }
  return order;
}

it("is the order of every distance compared, with ties, lines, repeated and far positions", () => {
  const coordinate = fc.oneof(
    fc.integer({ min: -4, max: 4 }),
    // Sums of squares of such numbers are exact, so that equal distances are equal numbers.
    fc.integer({ min: -3200, max: 3200 }).map((value) => value / 64),
    fc.constant(2 ** 19),
  );
  const clouds = fc.oneof(
    fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 40 }),
    fc.array(fc.tuple(fc.constant(3), coordinate), { minLength: 1, maxLength: 40 }),
  );
  fc.assert(
    fc.property(clouds, (points) => {
      const positions = Float64Array.from(points.flat());
      expect(Array.from(nearestFirstOrder(positions))).toEqual(bruteForce(positions));
    }),
    { numRuns: 400 },
  );
});

it("takes in positions that differ by less than a rounding", () => {
  const positions = Float64Array.of(0, 0, 1e-18, 0, 0, 2e-18, 5, 5, 5, 5 + 1e-15, 1e-300, 1e-300);
  expect(Array.from(nearestFirstOrder(positions)).sort()).toEqual([0, 1, 2, 3, 4, 5]);
});

it("takes no longer for far or repeated positions than for others", () => {
  const count = 30_000;
  const raster = Float64Array.from({ length: 2 * count }, (_, i) => (i & 1 ? (i >> 1) % 173 : Math.floor(i / 346)));
  for (const positions of [raster, raster.with(0, 1e12), raster.map((value, i) => (i % 8 < 4 ? 0 : value))]) {
    const start = performance.now();
    expect(new Set(nearestFirstOrder(positions)).size).toBe(count);
    expect(performance.now() - start).toBeLessThan(15_000);
  }
});
