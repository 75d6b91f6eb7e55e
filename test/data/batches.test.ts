import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assembleBatch, type BatchSource, inlineLoader, planEpoch } from "../../src/data/batches.ts";
import { groupGeometry } from "../../src/data/groupGeometry.ts";
import { makeGroups } from "../../src/data/grouping.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { splitFrames } from "../../src/data/splits.ts";
import { Random } from "../../src/random.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe("epoch plan", () => {
  it("takes every group once with weight 1, in batches of one size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 }), fc.nat(), (groups, size, seed) => {
        const plan = planEpoch(groups, size, new Random(seed));
        expect(plan.length).toBe(Math.ceil(groups / size));
        const counted: number[] = [];
        for (const batch of plan) {
          expect(batch.groups.length).toBe(size);
          for (const [k, group] of batch.groups.entries()) {
            expect(group).toBeGreaterThanOrEqual(0);
            expect(group).toBeLessThan(groups);
            if (batch.weights[k] === 1) counted.push(group);
            else expect(batch.weights[k]).toBe(0);
          }
        }
        expect(counted.sort((a, b) => a - b)).toEqual(range(groups));
      }),
    );
  });

  it("keeps the order without a random generator and follows the seed with one", () => {
    expect(planEpoch(5, 2).map(({ groups }) => Array.from(groups))).toEqual([
      [0, 1],
      [2, 3],
      [4, 0],
    ]);
    expect(planEpoch(50, 8, new Random(1))).toEqual(planEpoch(50, 8, new Random(1)));
    expect(planEpoch(50, 8, new Random(1))).not.toEqual(planEpoch(50, 8, new Random(2)));
  });

  it("refuses sizes that make no sense", () => {
    expect(() => planEpoch(5, 0)).toThrow(/batch size/);
    expect(() => planEpoch(0, 4)).toThrow(/no groups/);
  });
});

describe("batches", () => {
  const N = 4;
  const positions = Float64Array.of(0, 0, 0, 2, 2, 0, 2, 2, 4, 1);
  const counts = Uint16Array.from({ length: 5 * N * N }, (_, i) => i * 700);
  const groups = makeGroups(positions, range(5), { size: 2 }, new Random(1));
  const source: BatchSource = {
    patterns: memoryPatterns(counts, [5, N, N]),
    measurement: "counts",
    scales: { inputScale: 0.5 },
    groups,
    geometry: groupGeometry(positions, groups),
  };

  it("hold scaled amplitudes, offsets as (y, x) and frames, group by group", () => {
    const batch = assembleBatch(source, { groups: Int32Array.of(3, 0), weights: Float32Array.of(1, 0) });
    expect(Array.from(batch.frames)).toEqual([...groups.frames.subarray(6, 8), ...groups.frames.subarray(0, 2)]);
    expect(Array.from(batch.weights)).toEqual([1, 0]);
    for (let k = 0; k < 4; k++) {
      const frame = batch.frames[k];
      for (let i = 0; i < N * N; i++)
        expect(batch.images[k * N * N + i]).toBeCloseTo(0.5 * Math.sqrt(counts[frame * N * N + i]), 3);
      const partner = batch.frames[k ^ 1];
      for (const axis of [0, 1])
        expect(batch.offsets[2 * k + axis]).toBe((positions[2 * frame + axis] - positions[2 * partner + axis]) / 2);
    }
  });

  it("the inline loader follows the plan", async () => {
    const plan = planEpoch(groups.count, 2);
    const got = [];
    for await (const batch of inlineLoader(source).batches(plan)) got.push(batch);
    expect(got).toEqual(plan.map((request) => assembleBatch(source, request)));
  });
});

describe("split", () => {
  const positions = Float64Array.from({ length: 80 }, (_, i) => (i % 2 ? (i >> 1) % 10 : 0.1 * (i >> 1)));

  it("parts the frames without loss", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        fc.constantFrom("random" as const, "spatial" as const),
        (fraction, mode) => {
          const { training, validation } = splitFrames(positions, range(40), { fraction, mode }, new Random(1));
          expect([...training, ...validation].sort((a, b) => a - b)).toEqual(range(40));
          expect(training.length).toBeGreaterThan(0);
          expect(validation.length > 0).toBe(fraction > 0);
        },
      ),
    );
  });

  it("spatial: every held-back frame lies beyond every training frame along the longer axis", () => {
    const { training, validation } = splitFrames(
      positions,
      range(40),
      { fraction: 0.25, mode: "spatial" },
      new Random(1),
    );
    const x = (frames: readonly number[]): number[] => frames.map((frame) => positions[2 * frame + 1]);
    expect(Math.min(...x(validation))).toBeGreaterThanOrEqual(Math.max(...x(training)));
    expect(validation.length).toBe(10);
  });

  it("refuses impossible fractions", () => {
    expect(() => splitFrames(positions, range(4), { fraction: 1 }, new Random(1))).toThrow(/0 to below 1/);
    expect(() => splitFrames(positions, [3], { fraction: 0.5, where: "scan 4" }, new Random(1))).toThrow(
      /too few patterns.*in scan 4.*`validation_fraction=0`/,
    );
  });
});
