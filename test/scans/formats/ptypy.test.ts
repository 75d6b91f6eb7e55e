import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ArrayFile } from "../../../src/formats/arrayFile.ts";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { scratchFolder } from "../../../src/node/files/fileSource.ts";
import { wavelengthFromEnergy } from "../../../src/optics/units.ts";
import { Random } from "../../../src/random.ts";
import { readScanArrays, scanParts } from "../../../src/scans/registry.ts";
import { maxDeviation } from "../../evaluate.ts";
import { tolerances } from "../../tolerances.ts";
import { complex, fileOf, real, scalar, text } from "./handMade.ts";

const random = new Random(21);
const side = 16;
const [energyKev, distance, detectorPixel] = [6.2, 7, 172e-6];
const objectPixel = (wavelengthFromEnergy(energyKev) * distance) / (side * detectorPixel);
const counts = [3, 2, 4];
const frames = counts.reduce((sum, n) => sum + n, 0);
/** Of the illumination over the object, rows and columns, pixels. */
const truth = Float64Array.from({ length: 2 * frames }, () => 30 * random.normal());
const stack = Float64Array.from({ length: frames * side * side }, () => random.poisson(20));
const probe = complex([side, side], new Float32Array(2 * side * side).fill(1));

function ptyd(
  more: Readonly<Record<string, NpyArray>> = {},
  chunks: readonly number[] = [0, 1, 2],
  sizes: readonly number[] = counts,
): ArrayFile {
  const arrays: Record<string, NpyArray> = {
    "meta/num_frames": scalar(frames),
    "meta/energy": scalar(energyKev),
    "meta/distance": scalar(distance),
    "meta/psize": real([2], [detectorPixel, detectorPixel]),
    "meta/center": real([2], [side / 2, side / 2]),
    "meta/propagation": text("farfield"),
  };
  let first = 0;
  for (const [k, size] of sizes.entries()) {
    if (chunks.includes(k)) {
      const positions = truth.slice(2 * first, 2 * (first + size)).map((value) => value * objectPixel);
      arrays[`chunks/${k}/positions`] = real([size, 2], positions);
      arrays[`chunks/${k}/data`] = real([size, side, side], stack.slice(first * side ** 2, (first + size) * side ** 2));
    }
    first += size;
  }
  return fileOf({ ...arrays, ...more });
}

const elsewhere = { probeFile: [{ file: fileOf({ probe }), key: "probe", where: "probe.npz" }] };
const read = (file: ArrayFile) => readScanArrays(file, {}, { path: "scan.ptyd", elsewhere });

describe("ptypy's prepared data", () => {
  it("chunks are joined: frames in their order, (row, column) metres into pixels", () => {
    const { positions, patterns, measurement, geometry, provenance } = read(ptyd());
    expect(measurement).toBe("counts");
    expect(geometry?.objectPixelM).toBeCloseTo(objectPixel, 18);
    const all = new Float32Array(frames * side * side);
    patterns.read([...Array(frames).keys()], all);
    expect([...all]).toEqual([...stack]);
    // The origin is free.
    const relative = positions.map((value, i) => value - positions[i % 2]);
    const expected = truth.map((value, i) => value - truth[i % 2]);
    expect(maxDeviation(relative, expected) * Math.max(...expected.map(Math.abs))).toBeLessThan(
      tolerances.parityPosition,
    );
    expect(provenance.conventions).toMatchObject({ positions_are: "probe", position_unit: "m", dc_at: "center" });
    expect(provenance.conversions.join()).toMatch(/3 chunks joined/);
  });

  it("chunks are joined on the disk where they do not fit into memory", () => {
    const folder = mkdtempSync(join(tmpdir(), "ptychonaut-ptyd-"));
    const scratch = scratchFolder(folder, () => {});
    const { patterns } = readScanArrays(ptyd(), {}, { path: "scan.ptyd", elsewhere, scratch: scratch.make });
    expect(patterns.origin.kind).toBe("file");
    const all = new Float32Array(frames * side * side);
    patterns.read([...Array(frames).keys()], all);
    expect([...all]).toEqual([...stack]);
    scratch.remove();
    rmSync(folder, { recursive: true });
  });

  it("one chunk is read where it is", () => {
    expect(scanParts(ptyd({}, [0], [frames]), {}, "scan.ptyd").parts.patterns?.key).toBe("chunks/0/data");
  });

  it("a missing chunk is an error, missing ones at the end are said", () => {
    expect(() => read(ptyd({}, [0, 2]))).toThrow(/a chunk of frames is missing[\s\S]*chunks\/1[\s\S]*\.part001/);
    expect(read(ptyd({}, [0, 1])).provenance.warnings.join()).toMatch(/5 of 9 frames/);
  });

  it("weights become the mask: common ones, and those of each frame", () => {
    const common = new Float64Array(side * side).fill(1);
    common[5] = 0;
    const masked = (file: ArrayFile) => {
      const { mask } = read(file);
      return [...mask!.data.keys()].filter((i) => mask!.data[i] === 0);
    };
    expect(masked(ptyd({ "meta/weight2d": real([side, side], common) }))).toEqual([5]);
    const own = new Float64Array(3 * side * side).fill(0.5);
    own[9] = 0;
    const file = ptyd({ "chunks/0/weights": real([3, side, side], own) });
    expect(masked(file)).toEqual([9]);
    expect(read(file).provenance.warnings.join("\n")).toMatch(/differ from frame to frame[\s\S]*graded/);
    // ptypy's None.
    expect(read(ptyd({ "chunks/0/weights": real([1], [0]) })).mask).toBeUndefined();
  });

  it("a centre beside the middle, a near field and positions that do not fit are said", () => {
    const { warnings = [] } = scanParts(ptyd({ "meta/center": real([2], [4, 8]) }), {}, "scan.ptyd").parts;
    expect(warnings.join()).toMatch(/\(4\.0, 8\.0\)/);
    const near = scanParts(ptyd({ "meta/propagation": text("nearfield") }), {}, "scan.ptyd").parts;
    expect(near.geometry.propagation).toBe("near-field");
    expect(near.geometry.objectPixelM).toBe(near.geometry.detectorPixelM);
    expect(() => read(ptyd({ "chunks/1/positions": real([4], [1, 2, 3, 4]) }))).toThrow(/chunks\/1\/positions/);
  });
});

describe("ptypy's results", () => {
  const centre = [31, 36];
  const object = complex([1, 64, 70], new Float32Array(2 * 64 * 70).fill(1));
  const storage = "content/obj/SMFG00";
  /** Pixel i is at i · psize + origin. */
  const result = (more: Readonly<Record<string, NpyArray>> = {}) =>
    fileOf({
      [`${storage}/data`]: object,
      [`${storage}/_psize`]: real([2], [objectPixel, objectPixel]),
      [`${storage}/_origin`]: real([2], [-centre[0] * objectPixel, -centre[1] * objectPixel]),
      [`${storage}/_energy`]: scalar(energyKev),
      "content/probe/SMFG00/data": complex([1, side, side], new Float32Array(2 * side * side).fill(1)),
      "content/positions/SMFG00": real([3, 2], [0, 0, objectPixel * 2, -objectPixel * 3, objectPixel * -4.5, 0]),
      "content/pars/scans/MF/data/distance": scalar(distance),
      "content/pars/scans/MF/data/psize": scalar(detectorPixel),
      "content/pars/scans/MF/propagation": text("farfield"),
      ...more,
    });
  const patterns = [{ file: fileOf({ data: real([3, side, side], stack.slice(0, 768)) }), key: "data", where: "d.h5" }];

  it("positions count from the object's pixel [0, 0], by its place in metres", () => {
    const dataset = readScanArrays(result(), {}, { path: "a.ptyr", elsewhere: { patterns } });
    const expected = [31, 36, 33, 33, 26.5, 36];
    for (const [i, value] of dataset.positions.entries())
      expect(Math.abs(value - expected[i])).toBeLessThan(tolerances.parityPosition);
    expect(dataset.object?.shape).toEqual([64, 70]);
    expect(dataset.probe.shape).toEqual([1, side, side]);
    expect(dataset.geometry).toMatchObject({ objectPixelM: objectPixel, detectorDistanceM: distance });
    expect(dataset.provenance.conversions.join()).toMatch(/object's pixel \[0, 0\]/);
  });

  it("a detector that was binned does not contradict the object's pixel", () => {
    const binned = result({ "content/pars/scans/MF/data/psize": scalar(detectorPixel / 2) });
    const { geometry, provenance } = readScanArrays(binned, {}, { path: "a.ptyr", elsewhere: { patterns } });
    expect([geometry?.objectPixelM, geometry?.detectorPixelM]).toEqual([objectPixel, undefined]);
    expect(provenance.warnings.join()).toMatch(/λ z \/ \(N p\).*the former is used/);
  });

  it("has no patterns of its own, and says how to give them", () => {
    expect(() => readScanArrays(result(), {}, { path: "a.ptyr" })).toThrow(/no patterns[\s\S]*patterns=FILE::ARRAY/);
  });

  it("says which of several objects is taken, and leaves modes of an object out", () => {
    const other = { "content/obj/SMFG01/data": object };
    expect(scanParts(result(other), {}, "a").parts.warnings?.join()).toMatch(/SMFG01\/data/);
    const modes = { [`${storage}/data`]: complex([2, 64, 70], new Float32Array(4 * 64 * 70)) };
    const { parts } = scanParts(result(modes), {}, "a");
    expect([parts.object, parts.warnings?.join()]).toEqual([undefined, expect.stringMatching(/2 modes/)]);
  });
});
