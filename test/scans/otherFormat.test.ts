import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import type { ArrayFile } from "../../src/formats/arrayFile.ts";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { openSource, scratchFolder } from "../../src/node/files/fileSource.ts";
import { Random } from "../../src/random.ts";
import { asStated } from "../../src/scans/asStated.ts";
import { completeScan } from "../../src/scans/completeScan.ts";
import { filePatterns } from "../../src/scans/filePatterns.ts";
import { chooseFormat, scanFormats } from "../../src/scans/registry.ts";
import type { ScanFormat, ScanSource } from "../../src/scans/scanFormat.ts";
import { geometryIn } from "../../src/scans/scanGeometry.ts";
import type { ScanOptions } from "../../src/scans/scanOptions.ts";

/** A format of another container with groups, attributes and chunks: what it takes to add one. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-format-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [ROWS, COLUMNS, N] = [3, 4, 16];
const random = new Random(4);
const stack = Uint16Array.from({ length: ROWS * COLUMNS * N * N }, () => random.poisson(9));
const metres = Float64Array.from({ length: 2 * ROWS * COLUMNS }, (_, i) => 4e-8 * (10 + i));

/** Named by paths, stored in pieces: nothing lies anywhere as a whole. */
function grouped(): ArrayFile {
  const number = (value: number): NpyArray => ({ shape: [], dtype: "float64", data: Float64Array.of(value) });
  const file = openNpz(
    writeNpz({
      "/entry/data": { shape: [ROWS, COLUMNS, N, N], dtype: "uint16", data: stack },
      "/entry/translation": { shape: [ROWS, COLUMNS, 2], dtype: "float64", data: metres },
      "/entry/illumination": { shape: [N, N], dtype: "complex64", data: new Float32Array(2 * N * N).fill(1) },
    }),
  );
  return {
    ...file,
    container: "HDF5",
    storedAt: () => undefined,
    attributes: (key) =>
      key === undefined
        ? { energy_kev: number(6.2), detector_distance_m: number(2), detector_pixel_m: number(2e-5) }
        : {},
  };
}

const grid: ScanFormat = {
  name: "grid",
  title: "raster scans of a test",
  recognise: (file) =>
    file.has("/entry/data") ? { confidence: 1, evidence: "it has /entry/data" } : { confidence: 0, evidence: "" },
  parts: (file, _, where) => ({
    patterns: { file, key: "/entry/data" },
    positions: {
      keys: ["/entry/translation"],
      count: file.header("/entry/translation").shape[0] * file.header("/entry/translation").shape[1],
      read: () => Float64Array.from(file.readNumbers("/entry/translation").data),
    },
    probe: { key: "/entry/illumination", read: () => file.readNumbers("/entry/illumination") },
    geometry: geometryIn(file, where, []),
    says: { dcAt: "corner", measurement: "counts", positionUnit: "m" },
  }),
};

const read = (source: ScanSource, options: ScanOptions = {}): Dataset => {
  const parts = grid.parts(grouped(), options, "grid");
  return asStated(completeScan(parts, options, source), { ...parts.says, ...options }, source.unread);
};

const frames = ({ patterns }: Dataset): Float32Array => {
  const out = new Float32Array(patterns.count * N * N);
  patterns.read([...Array(patterns.count).keys()], out);
  return out;
};

describe("a format of another container", () => {
  const formats = [...scanFormats, grid];

  it("is chosen for its files alone", () => {
    expect(chooseFormat(grouped(), {}, "scan.h5", formats).format).toBe(grid);
    const npz = openNpz(writeNpz({ diff3d: { shape: [1], dtype: "uint8", data: Uint8Array.of(1) } }));
    expect(chooseFormat(npz, {}, "scan.npz", formats).format.name).toBe("named");
    expect(chooseFormat(npz, { format: "grid" }, "scan.npz", formats).format).toBe(grid);
  });

  it("reads with the parts that are there: layout, metres by attributes, patterns in memory", () => {
    const { patterns, positions, geometry } = read({});
    expect([patterns.count, patterns.height, patterns.origin.kind]).toEqual([ROWS * COLUMNS, N, "memory"]);
    // 12.398419843 keV Å / 6.2 keV · 2 m / (16 · 20 µm)
    expect(geometry!.objectPixelM! * 1e6).toBeCloseTo((1.999745136 * 2e-4) / (16 * 2e-5), 6);
    expect(positions[3] * geometry!.objectPixelM!).toBeCloseTo(metres[3], 15);
  });

  it("and its patterns stay on the disk, where other threads open them", () => {
    const scratch = scratchFolder(folder, () => {});
    const onDisk = read({ scratch: scratch.make });
    const { origin } = onDisk.patterns;
    if (origin.kind !== "file") throw new Error(origin.kind);
    expect(frames(onDisk)).toEqual(frames(read({})));
    const source = openSource(origin.path);
    expect(frames({ ...onDisk, patterns: filePatterns(source, origin) })).toEqual(frames(onDisk));
    source.close();
    scratch.remove();
    expect(readdirSync(folder)).toEqual([]);
  });
});
