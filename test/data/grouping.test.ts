import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupGeometry, largestOffset } from "../../src/data/groupGeometry.ts";
import { type Groups, makeGroups, subsample } from "../../src/data/grouping.ts";
import { framesWithin, nearestNeighbours, neighboursBetween } from "../../src/data/neighbours.ts";
import { PointTree } from "../../src/data/pointTree.ts";
import { Random } from "../../src/random.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const members = ({ frames, size }: Groups): number[][] =>
  range(frames.length / size).map((g) => Array.from(frames.subarray(g * size, (g + 1) * size)));

/** A jittered raster of side² positions, step 3. */
function raster(side: number, seed = 1): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: 2 * side * side }, (_, i) => {
    const cell = i >> 1;
    return 3 * (i % 2 ? cell % side : Math.floor(cell / side)) + random.uniform();
  });
}

describe("nearest points", () => {
  const coordinate = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -50, max: 50, noNaN: true }));
  const clouds = fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 60 });
  const brute = (points: [number, number][], y: number, x: number): { i: number; d: number }[] =>
    points.map((p, i) => ({ i, d: Math.hypot(p[0] - y, p[1] - x) })).sort((a, b) => a.d - b.d || a.i - b.i);

  it("are those of a brute-force search, also with coincident points, lines and queries outside", () => {
    fc.assert(
      fc.property(clouds, coordinate, coordinate, fc.nat({ max: 70 }), (points, y, x, count) => {
        const tree = new PointTree(Float64Array.from(points.flat()));
        expect(tree.nearest(y, x, count)).toEqual(
          brute(points, y, x)
            .slice(0, count)
            .map(({ i }) => i),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("within a ring of distances too", () => {
    fc.assert(
      fc.property(
        clouds,
        coordinate,
        coordinate,
        fc.double({ min: 0, max: 40 }),
        fc.double({ min: 0, max: 40 }),
        (points, y, x, a, b) => {
          const [min, max] = a < b ? [a, b] : [b, a];
          const expected = brute(points, y, x).filter(({ d }) => d >= min && d <= max);
          expect(new PointTree(Float64Array.from(points.flat())).between(y, x, min, max)).toEqual(
            expected.map(({ i }) => i),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("cost as much with a far point, or with all points at one position", () => {
    // Cells of equal size held all of them but one: 30 s for ten thousand and an outlier, minutes for repeated ones.
    const far = raster(173);
    far.set([1e9, -1e9]);
    for (const positions of [far, new Float64Array(60_000), far.map((value, i) => (i % 14 < 2 ? 0 : value))]) {
      const start = performance.now();
      const lists = nearestNeighbours(positions, range(positions.length / 2), 4);
      expect(lists.every(({ length }) => length === 5)).toBe(true);
      expect(performance.now() - start).toBeLessThan(15_000);
    }
  });

  it("positions beyond all measure are still compared", () => {
    const huge = Float64Array.of(1e308, 0, -1e308, 0, 0, 1e308, 1e308, 1);
    expect(new PointTree(huge).nearest(1e308, 0, 2)).toEqual([0, 3]);
  });

  it("an anchor leads its list even where frames share a position", () => {
    const positions = new Float64Array(10);
    expect(nearestNeighbours(positions, range(5), 2).map(([first]) => first)).toEqual(range(5));
    expect(neighboursBetween(positions, range(5), 0, 1)(3)).toEqual([0, 1, 2, 4]);
  });

  it("bounds of 0 and 1 keep every frame", () => {
    fc.assert(
      fc.property(clouds, (points) => {
        const positions = Float64Array.from(points.flat());
        expect(framesWithin(positions, range(points.length), [0, 1], [0, 1])).toEqual(range(points.length));
      }),
    );
  });
});

describe("groups", () => {
  const positions = raster(6);
  const all = range(36);

  it("have their anchor first and distinct members among its nearest neighbours", () => {
    const groups = makeGroups(positions, all, { size: 4, neighbours: { kind: "nearest", count: 6 } }, new Random(3));
    const pools = nearestNeighbours(positions, all, 6);
    expect(groups.count).toBe(36);
    expect(
      members(groups)
        .map(([anchor]) => anchor)
        .sort((a, b) => a - b),
    ).toEqual(all);
    for (const group of members(groups)) {
      expect(new Set(group).size).toBe(4);
      for (const member of group) expect(pools[group[0]]).toContain(member);
    }
  });

  it("use only the frames they are given", () => {
    const frames = all.filter((frame) => frame % 2 === 0);
    const groups = makeGroups(positions, frames, { size: 4 }, new Random(3));
    for (const frame of groups.frames) expect(frame % 2).toBe(0);
  });

  it("follow the seed", () => {
    const make = (seed: number): Groups => makeGroups(positions, all, { size: 4, groups: 20 }, new Random(seed));
    expect(make(1)).toEqual(make(1));
    expect(make(1)).not.toEqual(make(2));
  });

  it("draw every neighbour equally often", () => {
    const cross = Float64Array.of(0, 0, 0, 1, 0, -1, 1, 0, -1, 0);
    const counts = new Float64Array(5);
    const random = new Random(1);
    for (let i = 0; i < 4000; i++)
      for (const frame of makeGroups(cross, range(5), { size: 3, groups: 1, sequential: true }, random).frames)
        counts[frame]++;
    expect(counts[0]).toBe(4000);
    // Binomial with p = 1/2: standard deviation 32; five of them.
    for (const count of counts.subarray(1)) expect(Math.abs(count - 2000)).toBeLessThan(160);
  });

  it("in sequence: the first anchors in file order", () => {
    const groups = makeGroups(positions, all, { size: 4, groups: 5, sequential: true }, new Random(9));
    expect(members(groups).map(([anchor]) => anchor)).toEqual([0, 1, 2, 3, 4]);
  });

  it("oversampling is asked for, makes no group twice, and says how many there can be", () => {
    const make = (groups: number, oversampling: boolean): Groups =>
      makeGroups(positions, all, { size: 4, groups, oversampling }, new Random(3));
    expect(() => make(37, false)).toThrow(/at most 36; got 37.*enable_oversampling/);
    const most = members(make(144, true)); // 36 anchors with 3 of 4 neighbours
    const keys = new Set(most.map(([anchor, ...others]) => `${anchor}:${others.sort((a, b) => a - b)}`));
    expect(keys.size).toBe(144);
    expect(() => make(145, true)).toThrow(/at most 144.*neighbor_pool_size/);
  });

  it("one pattern is a group of its own", () => {
    const groups = makeGroups(positions, all, { size: 1, sequential: true }, new Random(1));
    expect(Array.from(groups.frames)).toEqual(all);
    const capped = makeGroups(positions, all, { size: 1, groups: 40 }, new Random(1));
    expect(Array.from(capped.frames).sort((a, b) => a - b)).toEqual(all);
    expect(() => makeGroups(positions, all, { size: 1, groups: 0 }, new Random(1))).toThrow(/positive integer/);
    expect(makeGroups(positions, all, { size: 1, groups: 40, oversampling: true }, new Random(1)).count).toBe(40);
  });

  it("distance window", () => {
    const rule = { kind: "distance", min: 2, max: 4.5 } as const;
    for (const [anchor, ...others] of members(makeGroups(positions, all, { size: 3, neighbours: rule }, new Random(1))))
      for (const k of others) {
        const d = Math.hypot(
          positions[2 * k] - positions[2 * anchor],
          positions[2 * k + 1] - positions[2 * anchor + 1],
        );
        expect(d).toBeGreaterThanOrEqual(2);
        expect(d).toBeLessThanOrEqual(4.5);
      }
  });

  it("quadrants: one of each, the anchor once at most", () => {
    const rule = { kind: "quadrants", count: 12, min: 0, max: 8 } as const;
    const groups = members(
      makeGroups(positions, all, { size: 4, neighbours: rule, groups: 40, oversampling: true }, new Random(2)),
    );
    expect(groups.length).toBe(40);
    for (const group of groups) expect(new Set(group).size).toBe(4);
    expect(() => makeGroups(positions, all, { size: 9, neighbours: rule }, new Random(2))).toThrow(/four members/);
  });

  it("squares of a raster, led by their first corner, up to a quarter of a step out of place", () => {
    const [rows, columns] = [4, 5];
    const frames = range(rows * columns);
    const positions = Float64Array.from(frames.flatMap((k) => [3 * Math.floor(k / columns), 3 * (k % columns)]));
    positions[2 * 6] += 0.7;
    const options = { size: 4, neighbours: { kind: "square", step: 3 }, sequential: true } as const;
    const expected = frames
      .filter((k) => k % columns < columns - 1 && k < (rows - 1) * columns)
      .map((k) => [k, k + 1, k + columns, k + columns + 1]);
    expect(members(makeGroups(positions, frames, options, new Random(1)))).toEqual(expected);
    // A quarter is 0.75: now frame 6 is in no square but the one that it leads, and leads none that fits.
    positions[2 * 6] += 0.1;
    expect(members(makeGroups(positions, frames, options, new Random(1)))).toEqual(
      expected.filter((group) => !group.includes(6)),
    );
  });

  it("impossible requests", () => {
    const make = (options: Parameters<typeof makeGroups>[2], frames = all): unknown =>
      makeGroups(positions, frames, options, new Random(1));
    expect(() => make({ size: 9, neighbours: { kind: "nearest", count: 4 } })).toThrow(/neighbor_count of at least 8/);
    expect(() => make({ size: 4, where: "scan 7" }, [1, 2])).toThrow(
      /fewer patterns than a group takes; in scan 7;.*`gridsize=1`/,
    );
    expect(() => make({ size: 4, neighbours: { kind: "distance", min: 50, max: 60 } })).toThrow(
      /no pattern has enough/,
    );
    expect(() => make({ size: 1, groups: 0 })).toThrow(/positive integer/);
    expect(() => make({ size: 2.5 })).toThrow(/positive integer/);
  });
});

describe("geometry of groups", () => {
  it("offsets sum to zero and lead back to the positions", () => {
    const positions = raster(5);
    const groups = makeGroups(positions, range(25), { size: 4 }, new Random(1));
    const geometry = groupGeometry(positions, groups);
    for (let g = 0; g < groups.count; g++)
      for (const axis of [0, 1]) {
        let sum = 0;
        for (let k = 0; k < 4; k++) {
          const offset = geometry.offsets[2 * (4 * g + k) + axis];
          sum += offset;
          expect(offset + geometry.centres[2 * g + axis]).toBeCloseTo(
            positions[2 * groups.frames[4 * g + k] + axis],
            12,
          );
        }
        expect(sum).toBeCloseTo(0, 12);
      }
    expect(largestOffset(geometry)).toBe(Math.max(...geometry.offsets.map(Math.abs)));
  });
});

describe("subsample", () => {
  it("keeps file order, draws without replacement, or takes the first", () => {
    const kept = subsample(range(50), 20, new Random(4));
    expect(new Set(kept).size).toBe(20);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
    expect(subsample(range(50), 3, new Random(4), true)).toEqual([0, 1, 2]);
    expect(() => subsample(range(5), 6, new Random(4))).toThrow(/1 to 5; got 6/);
  });
});
