import { expect, test } from "vitest";
import { objectSizeFor, positionsInObject, scanPath } from "../../src/optics/scans.ts";
import { Random } from "../../src/random.ts";

test("a raster without jitter is a grid in reading order around the origin", () => {
  const positions = scanPath({ kind: "raster", count: 6, step: 4, jitter: 0 }, new Random(1));
  expect(Array.from(positions)).toEqual([-2, -4, -2, 0, -2, 4, 2, -4, 2, 0, 2, 4]);
});

test("jitter moves every position by no more than its share of the step, reproducibly", () => {
  const path = { kind: "raster", count: 49, step: 10, jitter: 0.2 } as const;
  const grid = scanPath({ ...path, jitter: 0 }, new Random(1));
  const jittered = scanPath(path, new Random(1));
  const moves = jittered.map((value, k) => Math.abs(value - grid[k]));
  expect(Math.max(...moves)).toBeLessThanOrEqual(2);
  expect(Math.max(...moves)).toBeGreaterThan(1.5);
  expect(scanPath(path, new Random(1))).toEqual(jittered);
  expect(scanPath(path, new Random(2))).not.toEqual(jittered);
});

test("a Fermat spiral has one position per step² everywhere and keeps neighbours apart", () => {
  const [count, step] = [600, 5];
  const positions = scanPath({ kind: "fermat", count, step }, new Random(1));
  const radii = Array.from({ length: count }, (_, k) => Math.hypot(positions[2 * k], positions[2 * k + 1]));
  for (const radius of [20, 40, 60]) {
    const inside = radii.filter((r) => r <= radius).length;
    expect(inside / ((Math.PI * radius ** 2) / step ** 2)).toBeCloseTo(1, 1);
  }
  let nearest = Number.POSITIVE_INFINITY;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < a; b++) {
      const distance = Math.hypot(positions[2 * a] - positions[2 * b], positions[2 * a + 1] - positions[2 * b + 1]);
      nearest = Math.min(nearest, distance);
    }
  }
  expect(nearest).toBeGreaterThan(0.6 * step);
});

test("the smallest object just holds every window", () => {
  const positions = scanPath({ kind: "fermat", count: 100, step: 3.3 }, new Random(1));
  const size = objectSizeFor(positions, 32, 0);
  const placed = positionsInObject(positions, size, 32);
  for (let k = 0; k < placed.length; k++) {
    expect(placed[k] - 16).toBeGreaterThanOrEqual(0);
    expect(placed[k] + 16).toBeLessThanOrEqual(size[k % 2]);
  }
  expect(() => positionsInObject(positions, [size[0] - 2, size[1]], 32)).toThrow(/does not fit the object/);
});

test("refuses empty scans", () => {
  expect(() => scanPath({ kind: "raster", count: 0, step: 4 }, new Random(1))).toThrow(/positive number/);
  expect(() => scanPath({ kind: "fermat", count: 4, step: 0 }, new Random(1))).toThrow(/positive/);
});
