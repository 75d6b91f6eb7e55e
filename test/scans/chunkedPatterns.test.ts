import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { planEpoch } from "../../src/data/batches.ts";
import { groupGeometry } from "../../src/data/groupGeometry.ts";
import { makeGroups } from "../../src/data/grouping.ts";
import type { ChunkedOrigin } from "../../src/data/patternOrigin.ts";
import type { ChunkedElements } from "../../src/formats/arrayFile.ts";
import { memorySource } from "../../src/formats/byteSource.ts";
import { nodeStore } from "../../src/node/store.ts";
import { batchWorkers } from "../../src/node/workers/batchWorkers.ts";
import { Random } from "../../src/random.ts";
import { withArrays } from "../../src/runs/openArrays.ts";
import { chunkedPatterns } from "../../src/scans/chunkedPatterns.ts";
import { patternLayout } from "../../src/scans/patternLayout.ts";
import { patternsInFile } from "../../src/scans/storedPatterns.ts";
import { writtenHdf5 } from "../formats/hdf5/written.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-chunks-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Chunks of an array in memory, each of whose bytes is told by its place. */
function chunksOf(extents: readonly number[], chunks: readonly number[], itemSize: number) {
  const boxes: (readonly [readonly number[], readonly number[]])[] = [];
  const whole = Uint8Array.from({ length: itemSize * extents.reduce((a, b) => a * b, 1) }, (_, i) => (i * 40503) >>> 7);
  const read = (start: readonly number[], count: readonly number[]): Uint8Array => {
    boxes.push([start, count]);
    let rows: Uint8Array[] = [whole];
    let size = whole.length;
    for (const [axis, extent] of extents.entries()) {
      size /= extent;
      const [from, to] = [start[axis] * size, (start[axis] + count[axis]) * size];
      if (start[axis] + count[axis] > extent || count[axis] < 1) throw new Error("outside");
      const whole = size;
      rows = rows
        .map((row) => row.subarray(from, to))
        .flatMap((row) => Array.from({ length: count[axis] }, (_, k) => row.subarray(k * whole, (k + 1) * whole)));
    }
    return Uint8Array.from(rows.flatMap((row) => [...row]));
  };
  const elements: ChunkedElements = { source: { ...memorySource(whole), path: "x" }, key: "d", extents, chunks, read };
  return { elements, whole, boxes };
}

const origin = (shape: ChunkedOrigin["shape"]): ChunkedOrigin => ({
  ...{ kind: "chunked", path: "x", key: "d", dtype: "uint16", itemSize: 2, shape, dcAt: "center" },
});

describe("patterns in chunks", () => {
  it("are the frames that were asked for, whatever the axes, chunks and order", () => {
    const axis = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(axis, axis), { minLength: 2, maxLength: 5 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
        fc.nat(2),
        (axes, wanted, times) => {
          const extents = axes.map(([extent]) => extent);
          const chunks = axes.map(([extent, chunk]) => Math.min(extent, chunk));
          const [height, width] = extents.slice(-2);
          const count = extents.slice(0, -2).reduce((a, b) => a * b, 1);
          const { elements, whole } = chunksOf(extents, chunks, 2);
          const patterns = chunkedPatterns(elements, origin([count, height, width]));
          const size = height * width;
          const all = new Uint16Array(whole.buffer);
          for (let time = 0; time <= times; time++) {
            const frames = wanted.map((number) => (number + time) % count);
            const out = new Float32Array(frames.length * size);
            patterns.read(frames, out);
            for (const [k, frame] of frames.entries())
              expect([...out.subarray(k * size, (k + 1) * size)]).toEqual([
                ...all.subarray(frame * size, (frame + 1) * size),
              ]);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("read each chunk once, and frames that follow one another together", () => {
    const { elements, boxes } = chunksOf([10, 2, 3], [4, 1, 3], 2);
    const patterns = chunkedPatterns(elements, origin([10, 2, 3]));
    patterns.read([9, 0, 5, 1], new Float32Array(24));
    expect(boxes).toEqual([
      [
        [0, 0, 0],
        [10, 2, 3],
      ],
    ]);
    patterns.read([2, 8, 7], new Float32Array(18));
    expect(boxes.length).toBe(1);
  });

  it("keep a bounded part of what was decompressed", () => {
    const boxes: (readonly number[])[] = [];
    const [height, width] = [1024, 1024];
    const elements: ChunkedElements = {
      ...{ source: { ...memorySource(new Uint8Array()), path: "x" }, key: "d" },
      ...{ extents: [100, height, width], chunks: [1, height, width] },
      read(start, count) {
        boxes.push([start[0], count[0]]);
        return new Uint8Array(2 * count[0] * height * width);
      },
    };
    const patterns = chunkedPatterns(elements, origin([100, height, width]));
    const out = new Float32Array(height * width);
    // 16 frames of 2 MiB are kept.
    for (const frame of [...Array(20).keys(), 19, 5, 2]) patterns.read([frame], out);
    expect(boxes.slice(20)).toEqual([[2, 1]]);
    // A chunk of all frames is no reason to decompress them all at once.
    const large = chunkedPatterns({ ...elements, chunks: [100, height, width] }, origin([100, height, width]));
    boxes.length = 0;
    large.read([50], out);
    expect(boxes).toEqual([[48, 8]]);
  });
});

describe("compressed patterns of an HDF5 file", () => {
  const [ROWS, COLUMNS, N] = [5, 8, 16];
  const counts = Uint16Array.from({ length: ROWS * COLUMNS * N * N }, (_, i) => (i * 40503) % 1009);

  it("stay in their file, in this thread and in others, corner or centre", async () => {
    const path = join(folder, "scan.h5");
    const bytes = await writtenHdf5((file) => {
      file.create_group("entry");
      file.create_dataset({
        ...{ name: "entry/data", data: counts, shape: [ROWS, COLUMNS, N, N], chunks: [2, 3, N, 5] },
        ...{ compression: "gzip", compression_opts: 4 },
      });
    });
    writeFileSync(path, bytes);
    await withArrays(path, nodeStore, async (file) => {
      const layout = patternLayout([ROWS * COLUMNS, N, N], ROWS * COLUMNS, undefined, path);
      for (const dcAt of ["center", "corner"] as const) {
        const patterns = patternsInFile({ file, key: "/entry/data", layout, dcAt, where: path }, () => {
          throw new Error("no scratch file is needed");
        });
        const read = new Float32Array(counts.length);
        patterns.read([...Array(ROWS * COLUMNS).keys()], read);
        if (dcAt === "center") expect(read).toEqual(Float32Array.from(counts));
        else expect(read[(N / 2) * N + N / 2]).toBe(counts[0]);
        const random = new Random(1);
        const positions = Float64Array.from({ length: 2 * ROWS * COLUMNS }, () => 20 * random.uniform());
        const groups = makeGroups(positions, [...Array(ROWS * COLUMNS).keys()], { size: 4 }, random);
        const source = {
          ...{ patterns, measurement: "counts" as const, scales: { inputScale: 0.2 } },
          ...{ groups, geometry: groupGeometry(positions, groups) },
        };
        const plan = planEpoch(groups.count, 3, new Random(1));
        const batches = async (numWorkers: number): Promise<number[][]> => {
          const images: number[][] = [];
          for await (const batch of batchWorkers(source, { numWorkers }).batches(plan)) images.push([...batch.images]);
          return images;
        };
        expect(await batches(2)).toEqual(await batches(0));
      }
    });
  });
});
