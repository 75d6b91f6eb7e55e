import { expect, it } from "vitest";
import { greatest } from "../../src/communicator.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { computeScales } from "../../src/data/normalisation.ts";
import { checkedScan, checkedScanTogether } from "../../src/scans/checks/checkedScan.ts";
import { scanFacts, scanFactsTogether } from "../../src/scans/checks/scanFacts.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { inOneProcess } from "../communicators.ts";
import { tolerances } from "../tolerances.ts";

const N = 32;
const SIZE = N * N;

/** A scan with everything that statistics find: dead, hot and masked pixels, an empty and a bad frame, marks of a detector. */
function blemished(frames: number): Dataset {
  const scan = simulate({ n: N, patterns: frames, seed: 5, photons: 1e5 });
  const data = new Float32Array(frames * SIZE);
  scan.patterns.read([...Array(frames).keys()], data);
  for (let frame = 0; frame < frames; frame++) {
    data[frame * SIZE + 16 * N + 14] = 0;
    data[frame * SIZE + 16 * N + 18] = 9e3;
    data[frame * SIZE + 4 * N + 4] = 65_535;
  }
  data.fill(0, 2 * SIZE, 3 * SIZE);
  data[(frames - 1) * SIZE + 7] = Number.NaN;
  const mask = new Float32Array(SIZE).fill(1);
  mask.fill(0, 0, 2 * N);
  return { ...scan, patterns: memoryPatterns(data, [frames, N, N]), mask: { shape: [N, N], data: mask } };
}

/** Numbers that are sums agree to rounding, everything else is the same. */
function expectSame(found: unknown, expected: unknown, where: string): void {
  if (typeof expected === "number" && !Number.isInteger(expected) && Number.isFinite(expected)) {
    expect(Math.abs((found as number) / expected - 1), where).toBeLessThan(tolerances.orderOfSums);
  } else if (typeof expected === "object" && expected !== null) {
    expect(Object.keys(found as object), where).toEqual(Object.keys(expected));
    for (const [name, value] of Object.entries(expected))
      expectSame((found as Record<string, unknown>)[name], value, `${where}.${name}`);
  } else {
    expect(found, where).toBe(expected);
  }
}

it.each([
  [2, 41],
  [3, 41],
  [5, 4],
])("%i processes find in their shares of %i frames what one finds in all", async (size, frames) => {
  const scan = blemished(frames);
  const alone = scanFacts(scan, {});
  if (frames > 4) {
    const { defects, badFrames, emptyFrames, marks } = alone.patterns!;
    expect([defects.dead.length, defects.hot.length, badFrames, emptyFrames, marks?.bits]).toEqual([
      ...[1, 2, [frames - 1], [2], 16],
    ]);
  }
  const all = await Promise.all(inOneProcess(size).map((ranks) => scanFactsTogether(ranks, scan, {})));
  for (const facts of all) {
    expectSame(facts.patterns, alone.patterns, "patterns");
    expectSame(facts.frames, alone.frames, "frames");
  }
  // To the bit the same in all of them.
  for (const facts of all) expect(facts).toEqual(all[0]);
});

it.each(["counts", "amplitude"] as const)(
  "they normalise by %s as one does, without reading again",
  async (measurement) => {
    const scan = simulate({ n: N, patterns: 30, seed: 5, photons: 1e5, measurement });
    const none = { skipFrames: null, skipOutlyingFrames: false };
    const some = [...Array(30).keys()].filter((frame) => frame % 3 > 0);
    const alone = computeScales(checkedScan(scan, { measurement }, none), some);
    let read = 0;
    const counting: Dataset = {
      ...scan,
      patterns: {
        ...scan.patterns,
        read(indices, out) {
          read += indices.length;
          scan.patterns.read(indices, out);
        },
      },
    };
    const all = await Promise.all(
      inOneProcess(3).map((ranks) => checkedScanTogether(ranks, counting, { measurement }, none)),
    );
    for (const dataset of all) expectSame(computeScales(dataset, some), alone, "scales");
    expect(read).toBe(30);
  },
);

it("the greatest of all, however many numbers there are", async () => {
  const numbers = (rank: number): Float64Array =>
    Float64Array.from({ length: 400_000 }, (_, i) => ((i * 7919) % 101) - 100 * Math.abs((i % 3) - rank));
  const all = await Promise.all(
    inOneProcess(3).map(async (ranks) => {
      const own = numbers(ranks.rank);
      await greatest(ranks, own);
      return own;
    }),
  );
  for (const found of all) expect(found.every((value, i) => value === (i * 7919) % 101)).toBe(true);
});
