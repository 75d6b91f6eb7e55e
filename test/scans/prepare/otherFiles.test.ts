import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../../src/data/dataset.ts";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { writeNpz } from "../../../src/formats/npz.ts";
import { nodeHome } from "../../../src/node/home.ts";
import { readScan } from "../../../src/node/runs.ts";
import { openScan } from "../../../src/runs/inputs/scans.ts";
import { inspectScan } from "../../../src/scans/inspect/inspectScan.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";

/** Images from other files, and patterns that stay in theirs. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-images-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [N, COUNT] = [8, 6];
const size = N * N;
/** A beam in the middle, without which no pattern has a centre. */
const beam = (pixel: number): number => (Math.hypot((pixel % size) / N - 4, (pixel % N) - 4) < 2 ? 200 : 0);
const counts = Uint16Array.from({ length: COUNT * size }, (_, i) => 20 + ((i * 31) % 50) + beam(i));
const probe: NpyArray = { shape: [N, N], dtype: "complex64", data: new Float32Array(2 * size).fill(1) };
const column: NpyArray = {
  shape: [COUNT],
  dtype: "float64",
  data: Float64Array.from({ length: COUNT }, (_, k) => 5 + k),
};

function saved(name: string, arrays: Record<string, NpyArray>): string {
  writeFileSync(join(folder, name), writeNpz(arrays));
  return join(folder, name);
}

const scan = saved("scan.npz", {
  diffraction: { shape: [COUNT, N, N], dtype: "uint16", data: counts },
  probeGuess: probe,
  xcoords: column,
  ycoords: column,
});
const dark = Float64Array.from({ length: size }, (_, i) => i % 13);
const images = saved("images.npz", {
  dark: { shape: [N, N], dtype: "float64", data: dark },
  // Two whose mean it is.
  darks: {
    shape: [2, N, N],
    dtype: "float64",
    data: Float64Array.from([...dark, ...dark], (value, i) => value + (i < size ? 1 : -1)),
  },
  wrong: { shape: [N, N - 1], dtype: "float64", data: new Float64Array(N * (N - 1)) },
  negative: { shape: [N, N], dtype: "float64", data: new Float64Array(size).fill(-1) },
  valid: { shape: [N, N], dtype: "uint8", data: Uint8Array.from({ length: size }, (_, i) => (i % 5 === 0 ? 0 : 1)) },
  // Hot and dead pixels, one that only has a signal.
  bits: {
    shape: [N, N],
    dtype: "uint32",
    data: Uint32Array.from({ length: size }, (_, i) => [0, 4, 0x1000, 8, 0x1004][i % 5]),
  },
});

const read = (options: ScanOptions): Promise<Dataset> => readScan(scan, { measurement: "counts", ...options });

function frames({ patterns }: Dataset): number[] {
  const out = new Float32Array(patterns.count * patterns.height * patterns.width);
  patterns.read([...Array(patterns.count).keys()], out);
  return Array.from(out);
}

describe("a background", () => {
  const wanted = Array.from(counts, (value, i) => Math.max(0, value - dark[i % size]));

  it("is an image of another file, or the mean of several", async () => {
    for (const key of ["dark", "darks"]) {
      const dataset = await read({ backgroundFile: `${images}::${key}` });
      expect(frames(dataset)).toEqual(wanted);
      expect(dataset.provenance.conversions.join()).toMatch(
        /background of an image taken off.*: [\d.]+ % of the counts/,
      );
      expect(dataset.provenance.conventions?.["background_file"]).toBe(`${images}::${key}`);
    }
  });

  it("is laid out as the patterns: with its zero frequency at the corner where they have it", async () => {
    const cornered = await read({ backgroundFile: `${images}::dark`, dcAt: "corner" });
    const middle = (N / 2) * N + N / 2;
    expect(frames(cornered)[middle]).toBe(wanted[0]);
    expect(frames(cornered)[middle + 1]).toBe(wanted[1]);
  });

  it("that does not fit is refused", async () => {
    await expect(read({ backgroundFile: `${images}::wrong` })).rejects.toThrow(/background does not fit.*\(8, 8\)/);
    await expect(read({ backgroundFile: `${images}::negative` })).rejects.toThrow(/none below zero/);
    await expect(read({ backgroundFile: `${images}::dark`, background: 1 })).rejects.toThrow(/a number or an image/);
  });
});

describe("a mask", () => {
  it("of another file tells valid pixels, or bits of defects", async () => {
    const valid = await read({ maskFile: `${images}::valid` });
    expect(Array.from(valid.mask?.data ?? [])).toEqual(Array.from({ length: size }, (_, i) => (i % 5 === 0 ? 0 : 1)));
    const bits = await read({ maskFile: `${images}::bits`, maskValid: 0 });
    expect(Array.from(bits.mask?.data ?? [])).toEqual(Array.from({ length: size }, (_, i) => [1, 0, 1, 0, 0][i % 5]));
    await expect(read({ maskFile: `${images}::bits` })).rejects.toThrow(/other values than 0 and 1.*`mask_valid=0`/);
  });
});

describe("positions of another file", () => {
  const xs = Array.from({ length: COUNT }, (_, k) => 5 + k);
  const ys = xs.map((x) => 20 - x);
  const pairs = xs.flatMap((x, k) => [ys[k], x]);
  const of = (values: readonly number[], ...shape: number[]): NpyArray => ({
    ...{ shape, dtype: "float64", data: Float64Array.from(values) },
  });
  const file = saved("positions.npz", {
    ...{ pairs: of(pairs, COUNT, 2), x: of(xs, COUNT), y: of(ys, COUNT), first: of(ys, COUNT), second: of(xs, COUNT) },
  });
  const places = async (options: ScanOptions): Promise<readonly number[]> =>
    Array.from((await read({ positionOrigin: "absolute", ...options })).positions);

  it("are pairs whose order must be said, or two arrays, x and y unless it is", async () => {
    expect(await places({ positions: `${file}::pairs`, positionOrder: "yx" })).toEqual(pairs);
    expect(await places({ positions: `${file}::x,y` })).toEqual(pairs);
    expect(await places({ positions: `${file}::second,first` })).toEqual(pairs);
    expect(await places({ positions: `${file}::first,second`, positionOrder: "yx" })).toEqual(pairs);
    await expect(read({ positions: `${file}::pairs` })).rejects.toThrow(/order of the two position columns/);
  });

  it("have no order to be said where their names tell x and y", async () => {
    const refused = /`position_order` has an effect only where nothing else tells y from x.*x, y.*`position_swap`/;
    await expect(read({ positions: `${file}::x,y`, positionOrder: "yx" })).rejects.toThrow(refused);
    await expect(read({ positionOrder: "xy" })).rejects.toThrow(/`position_order`.*xcoords, ycoords/);
  });
});

describe("patterns that stay in their file", () => {
  it.each([
    { background: 7, threshold: 3, countsPerPhoton: 2 },
    { backgroundFile: `${images}::dark`, beamCenter: "3,4", cropTo: 6, binBy: 2, detectorOrientation: "rotate270" },
    { findBadPixels: true, padTo: 12, detectorOrientation: "antitranspose", beamCenter: "found" },
    { probeModel: "mean", binBy: 2, dcAt: "corner" },
  ] as ScanOptions[])("are prepared to the same bits: %j", async (options) => {
    const inMemory = await read(options);
    const storage = { inMemory: "no", folder, log: () => {} } as const;
    const { dataset, close } = await openScan(scan, { measurement: "counts", ...options }, storage, nodeHome);
    try {
      expect(frames(dataset)).toEqual(frames(inMemory));
      const { patterns: _, ...others } = dataset;
      const { patterns: __, ...same } = inMemory;
      expect(others).toEqual(same);
    } finally {
      close();
    }
  });
});

describe("counts less a background, some of them below zero", () => {
  const noisy = saved("noisy.npz", {
    diffraction: {
      shape: [COUNT, N, N],
      dtype: "float32",
      data: Float32Array.from(counts, (value, i) => value - 30 - (i % 3)),
    },
    probeGuess: probe,
    xcoords: column,
    ycoords: column,
  });
  const open = (options: ScanOptions, inMemory: "yes" | "no" = "yes") =>
    openScan(noisy, options, { inMemory, folder, log: () => {} }, nodeHome);

  it("are refused with the setting that makes them zero, and read with it", async () => {
    await expect(open({ measurement: "counts" })).rejects.toThrow(
      /negative value.*`threshold=0.5` with `measurement=counts`/,
    );
    await expect(open({ measurement: "amplitude", threshold: 1 })).rejects.toThrow(/negative value/);
    for (const inMemory of ["yes", "no"] as const) {
      const { dataset, close } = await open({ measurement: "counts", threshold: 1 }, inMemory);
      expect(Math.min(...frames(dataset))).toBe(0);
      expect(frames(dataset).filter((value) => value > 0 && value < 1)).toEqual([]);
      close();
    }
  });

  it("are no fault to inspection once that is said", () => {
    const bytes = readFileSync(noisy);
    const what = (options: ScanOptions): string =>
      inspectScan(bytes, options)
        .findings.map((each) => each.what)
        .join();
    expect(what({ measurement: "counts" })).toMatch(/negative/);
    expect(what({ measurement: "counts", threshold: 1 })).not.toMatch(/negative/);
  });
});
