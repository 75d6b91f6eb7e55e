import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type Batch,
  type BatchLoader,
  type BatchRequest,
  type BatchSource,
  planEpoch,
} from "../../src/data/batches.ts";
import type { PatternPart, Patterns } from "../../src/data/dataset.ts";
import { groupGeometry } from "../../src/data/groupGeometry.ts";
import { makeGroups } from "../../src/data/grouping.ts";
import { joinedPatterns } from "../../src/data/joinedScans.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { orientations } from "../../src/data/orientations.ts";
import type { PatternOperation } from "../../src/data/patternOperation.ts";
import { preparedPatterns } from "../../src/data/preparedPatterns.ts";
import { selectedPatterns } from "../../src/data/selectFrames.ts";
import { openSource } from "../../src/node/files/fileSource.ts";
import { batchWorkers } from "../../src/node/workers/batchWorkers.ts";
import { Random } from "../../src/random.ts";
import { filePatterns } from "../../src/scans/filePatterns.ts";

const N = 16;
const COUNT = 40;
const random = new Random(7);
const positions = Float64Array.from({ length: 2 * COUNT }, () => 20 * random.uniform());
const frames = Array.from({ length: COUNT }, (_, i) => i);
const groups = makeGroups(positions, frames, { size: 4 }, random);
const source: BatchSource = {
  patterns: memoryPatterns(
    Uint16Array.from({ length: COUNT * N * N }, () => random.poisson(30)),
    [COUNT, N, N],
  ),
  measurement: "counts",
  scales: { inputScale: 0.123 },
  mask: Float32Array.from({ length: N * N }, (_, i) => (i % 5 === 0 ? 0 : 1)),
  groups,
  geometry: groupGeometry(positions, groups),
};

const part: Omit<PatternPart, "patterns"> = {
  measurement: "counts",
  inputScale: 0.2,
  mask: Float32Array.from({ length: N * N }, (_, i) => (i % 7 === 0 ? 0 : 1)),
};

/** Random counts as big-endian uint16 behind a header of 8 bytes, zero frequency at the corner. */
function patternsOnDisk(path: string): Patterns {
  const bytes = new Uint8Array(8 + 2 * COUNT * N * N).map(() => random.integer(256));
  writeFileSync(path, bytes);
  return filePatterns(openSource(path), {
    ...{ kind: "file", path, offset: 8, dtype: "uint16", itemSize: 2, littleEndian: false },
    ...{ shape: [COUNT, N, N], columnMajor: false, dcAt: "corner" },
  });
}

const labelled: BatchSource = {
  ...source,
  labels: [
    {
      kind: "object",
      array: { shape: [40, 40], data: Float32Array.from({ length: 2 * 40 * 40 }, () => random.normal()) },
      positions,
      scale: 1.5,
    },
  ],
};

async function collect(loader: BatchLoader, plan: readonly BatchRequest[]): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loader.batches(plan)) batches.push(batch);
  return batches;
}

describe("batch workers", () => {
  it("give the same batches in the same order for any number of threads, over several epochs", async () => {
    const plans = [planEpoch(groups.count, 3, new Random(1)), planEpoch(groups.count, 3, new Random(2))];
    const expected = await Promise.all(plans.map((plan) => collect(batchWorkers(source), plan)));
    for (const numWorkers of [1, 3]) {
      const loader = batchWorkers(source, { numWorkers, prefetchFactor: 2, persistentWorkers: true });
      for (const [epoch, plan] of plans.entries()) expect(await collect(loader, plan)).toEqual(expected[epoch]);
      await loader.close();
    }
  });

  it("cut the same labels in their threads", async () => {
    const plan = planEpoch(groups.count, 3, new Random(1));
    const [inline, threaded] = [batchWorkers(labelled), batchWorkers(labelled, { numWorkers: 2 })];
    const expected = await collect(inline, plan);
    expect(expected[0].labels!.amplitude.length).toBe(3 * 4 * N * N);
    expect(await collect(threaded, plan)).toEqual(expected);
    expect((await collect(batchWorkers(source), plan))[0]).not.toHaveProperty("labels");
  });

  it("open patterns by their origin: in memory, in a file, joined of both, and prepared", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ptychonaut-origins-"));
    const inFile: PatternPart = { ...part, patterns: patternsOnDisk(join(folder, "patterns.raw")) };
    const { mask: _, ...unmasked } = source;
    const joined: BatchSource = {
      ...unmasked,
      measurement: "amplitude",
      scales: { inputScale: 1 },
      patterns: joinedPatterns([{ ...part, patterns: source.patterns }, inFile]),
      groups: { ...groups, frames: groups.frames.map((frame, i) => frame + (i % 2 ? COUNT : 0)) },
    };
    const plan = planEpoch(groups.count, 3, new Random(1));
    const turned: readonly PatternOperation[] = [
      { kind: "subtract", counts: Float32Array.from({ length: N * N }, (_, i) => i % 9) },
      { kind: "threshold", counts: 3 },
      { kind: "gain", countsPerPhoton: 2 },
      { kind: "window", top: 1, left: -2, height: N, width: N },
      { kind: "bin", factor: 2 },
      { kind: "turn", orientation: orientations.rotate90 },
    ];
    const { mask: __, ...open } = source;
    const prepared = [source.patterns, inFile.patterns, selectedPatterns(inFile.patterns, frames)].map((patterns) => ({
      ...open,
      patterns: preparedPatterns(patterns, turned, "counts"),
    }));
    for (const from of [{ ...source, patterns: inFile.patterns }, joined, ...prepared]) {
      const [inline, threaded] = [batchWorkers(from), batchWorkers(from, { numWorkers: 2 })];
      expect(await collect(threaded, plan)).toEqual(await collect(inline, plan));
    }
    expect([source.patterns, inFile.patterns, joined.patterns].map(({ origin }) => origin.kind)).toEqual([
      "memory",
      "file",
      "joined",
    ]);
    expect(prepared[2].patterns.origin).toMatchObject({ kind: "prepared", patterns: { origin: { kind: "selected" } } });
    rmSync(folder, { recursive: true });
  });

  it("stop early without hanging and start again", async () => {
    const plan = planEpoch(groups.count, 2);
    for (const persistentWorkers of [true, false]) {
      const loader = batchWorkers(source, { numWorkers: 2, persistentWorkers });
      for await (const batch of loader.batches(plan)) {
        expect(batch.images.length).toBe(2 * 4 * N * N);
        break;
      }
      expect((await collect(loader, plan)).length).toBe(plan.length);
      await loader.close();
    }
  });

  it("a failure in a thread reaches the caller", async () => {
    const broken = { ...source, groups: { ...groups, frames: groups.frames.map(() => 999) } };
    await expect(collect(batchWorkers(broken, { numWorkers: 1 }), planEpoch(4, 2))).rejects.toThrow(/no such frame/);
  });

  it("refuses options that could only be ignored", () => {
    for (const numWorkers of [-1, 100_000]) {
      expect(() => batchWorkers(source, { numWorkers })).toThrow(/num_workers must be from 0 to 256/);
    }
    expect(() => batchWorkers(source, { prefetchFactor: 4 })).toThrow(/need worker threads/);
    expect(() => batchWorkers(source, { persistentWorkers: true })).toThrow(/need worker threads/);
    expect(() => batchWorkers(source, { numWorkers: 1, prefetchFactor: 0 })).toThrow(/prefetch_factor/);
  });
});
