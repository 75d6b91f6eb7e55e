import { expect, it } from "vitest";
import { groupGeometry } from "../../src/data/groupGeometry.ts";
import { type Groups, makeGroups } from "../../src/data/grouping.ts";
import { framesWithin, nearestNeighbours, neighboursBetween, quadrantNeighbours } from "../../src/data/neighbours.ts";
import { Random } from "../../src/random.ts";
import { describeFixtures, type FixtureArrays, itWith } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";

/** A table of indices as rows. */
function rows(arrays: FixtureArrays, name: string): number[][] {
  const { shape, data } = arrays.get(name);
  const width = shape.at(-1)!;
  return Array.from({ length: data.length / width }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)));
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i])).toBeLessThan(tolerance);
}

/** The fractions of both axes between which the reference looks for groups (README of the fixtures, section 9). */
const BOUNDS = [0.1, 0.9] as const;

describeFixtures("grouping", ({ entry, arrays }) => {
  const K = entry["K"] as number;
  const x = arrays.get("xcoords").data;
  const y = arrays.get("ycoords").data;
  const positions = Float64Array.from({ length: 2 * x.length }, (_, i) => (i % 2 ? x : y)[i >> 1]);
  const all = Array.from({ length: x.length }, (_, i) => i);
  const valid = framesWithin(positions, all, BOUNDS, BOUNDS);
  const minDistance = Number(entry["minDistance"]);
  const maxDistance = Number(entry["maxDistance"]);
  const quadrants = Number(entry["quadrantNeighbours"]);

  it("nearest neighbours of all points and their distances", () => {
    const nearest = nearestNeighbours(positions, all, K);
    expect(nearest).toEqual(rows(arrays, "nearest"));
    expect(nearest.map((row) => row.slice(1))).toEqual(rows(arrays, "rawdata_candidates"));
    const distances = nearest.flatMap((row) => row.map((k) => Math.hypot(y[k] - y[row[0]], x[k] - x[row[0]])));
    expectClose(distances, arrays.get("nearest_distance").data, tolerances.parityPosition);
  });

  it("points within the bounds, and neighbours among them", () => {
    expect(valid).toEqual(Array.from(arrays.get("valid_indices").data));
    const nearest = nearestNeighbours(positions, valid, K);
    expect(nearest).toEqual(rows(arrays, "bounded_nearest_global"));
    expect(nearest.map((row) => row.map((k) => valid.indexOf(k)))).toEqual(rows(arrays, "bounded_nearest_local"));
  });

  itWith(
    arrays,
    ["min_dist", "min_dist_from_zero"],
    "distance window: every neighbour once, where the reference has each twice",
    () => {
      const columns = arrays.get("min_dist").shape[1];
      const once = (name: string): number[][] =>
        rows(arrays, name).map((row) => row.filter((k, i) => k >= 0 && i % 2 === 0));
      const window = all.map(neighboursBetween(positions, all, minDistance, maxDistance));
      expect(window.map((row) => row.slice(0, Math.ceil(columns / 2)))).toEqual(once("min_dist"));
      const fromZero = all.map(neighboursBetween(positions, all, 0, maxDistance));
      expect(fromZero.map((row, i) => [i, ...row].slice(0, Math.ceil(columns / 2)))).toEqual(
        once("min_dist_from_zero"),
      );
    },
  );

  itWith(arrays, ["quadrant_candidates_intended"], "quadrant candidates as intended", () => {
    const lists = quadrantNeighbours(positions, all, { count: quadrants, min: minDistance, max: maxDistance }, valid);
    const kept = lists.flatMap((quadrants, i) =>
      quadrants.filter((list) => list.length === 0).length > 1 ? [] : [{ anchor: valid[i], quadrants }],
    );
    expect(kept.map(({ anchor }) => anchor)).toEqual(Array.from(arrays.get("quadrant_centers_intended").data));
    const expected = rows(arrays, "quadrant_candidates_intended").map((row) => row.filter((k) => k >= 0));
    expect(kept.flatMap(({ anchor, quadrants }) => quadrants.map((list) => [...list, anchor]))).toEqual(expected);
  });

  it("one-pattern groups, repeated", () => {
    const groups = rows(arrays, "c1_groups").flat();
    const repeats = groups.length / valid.length;
    expect(valid.flatMap((frame) => Array.from({ length: repeats }, () => frame))).toEqual(groups);
    const made = makeGroups(
      positions,
      all,
      {
        size: 1,
        groups: groups.length,
        oversampling: true,
        sequential: true,
        xBounds: BOUNDS,
        yBounds: BOUNDS,
      },
      new Random(1),
    );
    expect(Array.from(made.frames)).toEqual(groups);
    expect(groups).toEqual(Array.from(arrays.get("c1_centers").data));
    const { centres } = groupGeometry(positions, made);
    expectClose(swapped(centres), arrays.get("c1_coords").data, tolerances.parityPosition);
  });

  it("coordinates, centres and offsets of given groups", () => {
    const table = arrays.get("groups");
    const [count, size] = table.shape as [number, number];
    const groups: Groups = { size, count, frames: Int32Array.from(table.data) };
    const { centres, offsets } = groupGeometry(positions, groups);
    const absolute = offsets.map((offset, i) => offset + centres[2 * Math.floor(i / (2 * size)) + (i % 2)]);
    const near = tolerances.parityPosition;
    expectClose(swapped(absolute), arrays.get("group_coords").data, near);
    expectClose(swapped(centres), arrays.get("group_com").data, near);
    // The reference's sign: the offset is subtracted where ours is added.
    expectClose(
      swapped(offsets).map((value) => -value),
      arrays.get("group_relative").data,
      near,
    );
    expectClose(swapped(offsets), arrays.get("group_relative_sign_plus").data, near);
    expectClose(swapped(centres), arrays.get("tf_offsets").data, near);
    const channelsLast = arrays.get("tf_relative").data;
    for (let g = 0; g < count; g++)
      for (let k = 0; k < size; k++)
        for (const axis of [0, 1])
          expect(channelsLast[(g * 2 + (1 - axis)) * size + k]).toBeCloseTo(-offsets[2 * (g * size + k) + axis], 9);
  });
});

/** (y, x) pairs as (x, y). */
function swapped(pairs: Float64Array): Float64Array {
  return pairs.map((_, i) => pairs[i ^ 1]);
}
