import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type Batch, type BatchLoader, inlineLoader, planEpoch } from "../../src/data/batches.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { groupGeometry } from "../../src/data/groupGeometry.ts";
import { makeGroups } from "../../src/data/grouping.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { onlyScan, scanNumbers, scanOfNumber, separateScans } from "../../src/data/scanNumbers.ts";
import { writeAtomic } from "../../src/node/files/writeAtomic.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readScan } from "../../src/node/runs.ts";
import { batchWorkers } from "../../src/node/workers/batchWorkers.ts";
import { Random } from "../../src/random.ts";
import { openScan } from "../../src/runs/inputs/scans.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-numbers-"));
const file = join(folder, "several.npz");
afterAll(() => rmSync(folder, { recursive: true }));

const N = 8;
const numbers = [7, -2, 7, 7, -2, 3, 7];
const several: Dataset = {
  name: "several",
  patterns: memoryPatterns(
    Float32Array.from({ length: numbers.length * N * N }, (_, i) => i),
    [numbers.length, N, N],
  ),
  measurement: "amplitude",
  positions: Float64Array.from({ length: 2 * numbers.length }, (_, i) => i),
  probe: { shape: [1, N, N], data: new Float32Array(2 * N * N).fill(1) },
  scanIndex: Int32Array.from(numbers),
  provenance: { conversions: [], warnings: [] },
};

const framesOf = ({ patterns }: Dataset): number[] => {
  const out = new Float32Array(patterns.count * N * N);
  patterns.read(
    Array.from({ length: patterns.count }, (_, k) => k),
    out,
  );
  return Array.from({ length: patterns.count }, (_, k) => out[k * N * N] / (N * N));
};

it("scans of one file are told apart by their numbers, in the order of the numbers", () => {
  expect(scanNumbers(several.scanIndex)).toEqual([-2, 3, 7]);
  const scans = separateScans(several);
  expect(scans.map(({ name }) => name)).toEqual(["several scan -2", "several scan 3", "several scan 7"]);
  expect(scans.map(framesOf)).toEqual([[1, 4], [5], [0, 2, 3, 6]]);
  expect(Array.from(scans[0].positions)).toEqual([2, 3, 8, 9]);
  expect(framesOf(scanOfNumber(several, 3, "here"))).toEqual([5]);
});

it("a file of one scan is that scan, numbered or not", () => {
  const numbered = { ...several, scanIndex: new Int32Array(numbers.length).fill(4) };
  expect(separateScans(numbered)).toEqual([numbered]);
  expect(framesOf(scanOfNumber(numbered, 4, "here"))).toEqual([0, 1, 2, 3, 4, 5, 6]);
  const { scanIndex: _, ...plain } = several;
  expect(separateScans(plain)).toEqual([plain]);
  expect(() => scanOfNumber(plain, 4, "here")).toThrow(
    /no scan of this number.*holds one scan.*leave out `scan_index`/i,
  );
});

it("what is not there, and what cannot be several, is said with what there is", () => {
  expect(() => scanOfNumber(several, 5, "here")).toThrow(
    /here; expected one of its 3 scans \(-2, 3, 7\).*scan_index=5/,
  );
  expect(() => onlyScan([-2, 3, 7], "here")).toThrow(/several scans.*got 3 scans \(-2, 3, 7\).*`scan_index=-2`/);
  expect(() => onlyScan([7], "here")).not.toThrow();
});

it("one scan's object is not silently another's", () => {
  const object = { shape: [40, 40], data: new Float32Array(3200) };
  const [first] = separateScans({ ...several, object });
  expect(first.provenance.warnings.join()).toMatch(/several scans and one object/);
});

it("reading takes one of them, patterns in memory or in the file, in this thread or in others", async () => {
  await writeAtomic(file, writeScanNpz(several));
  expect(framesOf(await readScan(file, { scanIndex: 7 }))).toEqual([0, 2, 3, 6]);
  await expect(readScan(file, { scanIndex: 1 })).rejects.toThrow(/no scan of this number/);
  for (const inMemory of ["yes", "no"] as const) {
    const { dataset, close } = await openScan(file, { scanIndex: 7 }, { inMemory, folder, log: () => {} }, nodeHome);
    const { patterns, measurement, positions } = dataset;
    const groups = makeGroups(positions, [0, 1, 2, 3], { size: 1, sequential: true }, new Random(1));
    const scales = { inputScale: 1 };
    const source = { patterns, measurement, scales, groups, geometry: groupGeometry(positions, groups) };
    const here = await all(inlineLoader(source));
    expect(here.map(({ images }) => images[0] / (N * N))).toEqual([0, 2, 3, 6]);
    expect(await all(batchWorkers(source, { numWorkers: 1 }))).toEqual(here);
    close();
  }
});

async function all(loader: BatchLoader): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loader.batches(planEpoch(4, 1))) batches.push(batch);
  await loader.close();
  return batches;
}
