import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completeData } from "../../src/config/resolve/complete.ts";
import { parseSettings } from "../../src/config/schema.ts";
import { groupGeometry, largestOffset } from "../../src/data/groupGeometry.ts";
import { makeGroups, type NeighbourRule } from "../../src/data/grouping.ts";
import { loneFramesWarning, partsWarning } from "../../src/data/groupingWarnings.ts";
import { canvasLimit, scanParts } from "../../src/data/scanParts.ts";
import { Random } from "../../src/random.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { prepareData } from "../../src/training/preparation.ts";

const WINDOW = 16;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** A raster of 6 × 6 positions, step 3, and three more of the same step, far away. */
function withIsland(distance: number): Float64Array {
  const raster = range(36).flatMap((k) => [3 * Math.floor(k / 6), 3 * (k % 6)]);
  return Float64Array.from([...raster, ...range(3).flatMap((k) => [distance, distance + 3 * k])]);
}

const overlap = (p: Float64Array, a: number, b: number): boolean =>
  [0, 1].every((axis) => Math.abs(p[2 * a + axis] - p[2 * b + axis]) < WINDOW);

describe("parts of a scan", () => {
  it("are the connected components of overlapping windows", () => {
    const coordinate = fc.oneof(fc.integer({ min: -60, max: 60 }), fc.constantFrom(1e6, 1e6 + 15, 1e6 + 16, 1e300));
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 40 }), (points) => {
        const positions = Float64Array.from(points.flat());
        const label = range(points.length);
        // Labels flow along overlaps until none changes.
        for (let changed = true; changed; ) {
          changed = false;
          for (const a of label.keys())
            for (const b of label.keys())
              if (overlap(positions, a, b) && label[b] < label[a]) {
                label[a] = label[b];
                changed = true;
              }
        }
        const expected = [...new Set(label)].map((own) => range(points.length).filter((k) => label[k] === own));
        const key = (frames: readonly (readonly number[])[]): string[] => frames.map((list) => list.join()).sort();
        expect(key(scanParts(positions, WINDOW).map(({ frames }) => frames))).toEqual(key(expected));
      }),
    );
  });

  it("are named with their distance", () => {
    const [line] = partsWarning(withIsland(1e6), WINDOW, range(39));
    expect(line).toMatch(/falls into 2 parts .*frames 36, 37, 38 lie 141419\d pixels from the nearest of the others/);
    expect(partsWarning(withIsland(1e6), WINDOW, range(36))).toEqual([]);
    expect(partsWarning(withIsland(20), WINDOW, range(39))).toEqual([]);
  });
});

describe("the canvas that a scan may have", () => {
  it("is bounded by what its parts cover, not by what lies between them", () => {
    const one = withIsland(20);
    expect(canvasLimit(one, scanParts(one, WINDOW), WINDOW)).toBe(2 ** 22);
    const far = withIsland(1e6);
    expect(canvasLimit(far, scanParts(far, WINDOW), WINDOW)).toBe(2 ** 22);
    // A scan that covers a square of 4000 pixels may have the largest.
    const large = Float64Array.from(
      { length: 2 * 500 * 500 },
      (_, i) => 8 * (i % 2 === 0 ? Math.floor(i / 1000) : (i >> 1) % 500),
    );
    expect(canvasLimit(large, scanParts(large, WINDOW), WINDOW)).toBe(2 ** 26);
  });
});

describe("groups across a gap", () => {
  const rules: readonly NeighbourRule[] = [
    { kind: "nearest", count: 6 },
    { kind: "distance", min: 0, max: Number.POSITIVE_INFINITY },
    { kind: "quadrants", count: 38, min: 0, max: Number.POSITIVE_INFINITY },
    { kind: "square", step: 3 },
  ];

  it.each(rules)("have members that overlap, whatever the distance: $kind", (neighbours) => {
    for (const distance of [40, 1e3, 1e9, 1e300]) {
      const positions = withIsland(distance);
      const groups = makeGroups(positions, range(39), { size: 4, neighbours, window: WINDOW }, new Random(1));
      for (let at = 0; at < groups.frames.length; at++)
        expect(
          overlap(positions, groups.frames[at], groups.frames[at - (at % 4)]) || neighbours.kind === "quadrants",
        ).toBe(true);
      expect(Math.max(...groups.frames)).toBeLessThan(36);
      expect(largestOffset(groupGeometry(positions, groups))).toBeLessThan(2 * WINDOW);
      expect(groups.lone?.map(({ frame }) => frame)).toEqual([36, 37, 38]);
      expect(loneFramesWarning(groups)[0]).toMatch(/3 patterns lead no group of 4.*frames 36, 37, 38; frame \d+ lies/);
    }
  });

  it("are those of the main part and of the island, each by itself, where the island has enough", () => {
    const positions = Float64Array.from([...withIsland(500), 503, 500]);
    const groups = makeGroups(positions, range(40), { size: 4, window: WINDOW }, new Random(1));
    expect(groups.count).toBe(40);
    expect(groups.lone).toBeUndefined();
  });

  it("do not depend on the window where all windows overlap", () => {
    const positions = withIsland(15);
    for (const neighbours of rules) {
      const plain = makeGroups(positions, range(39), { size: 4, neighbours }, new Random(1));
      expect(makeGroups(positions, range(39), { size: 4, neighbours, window: 64 }, new Random(1))).toEqual(plain);
    }
  });

  it("are refused where no pattern has neighbours that overlap, with a distance", () => {
    const sparse = Float64Array.from(range(20), (i) => 100 * i);
    const make = (neighbours: NeighbourRule): unknown =>
      makeGroups(sparse, range(10), { size: 4, neighbours, window: WINDOW }, new Random(1));
    expect(() => make({ kind: "nearest", count: 4 })).toThrow(
      /no pattern.*that overlap.*frame 1 at 282.8 pixels from frame 0.*`gridsize=1`/,
    );
    const none = makeGroups(sparse, range(10), { size: 4, window: WINDOW, mayBeNone: true }, new Random(1));
    expect([none.count, none.lone?.length]).toEqual([0, 10]);
    expect(() => make({ kind: "square", step: 20 })).toThrow(/do not overlap.*grid_step below .* 16 pixels; got 20/);
  });
});

it("patterns held back that do not overlap are no validation, and it is said", () => {
  const scan = simulate({ n: 32, patterns: 20, seed: 1, measurement: "amplitude" });
  const apart = { ...scan, positions: scan.positions.map((value) => 1000 * value) };
  const data = completeData(parseSettings("data"), 2, 1, null);
  const { validation, warnings } = prepareData([scan], apart, data, 2, new Random(1));
  expect(validation).toBeUndefined();
  expect(warnings.join()).toMatch(/no validation: of the 20 patterns held back none/);
});
