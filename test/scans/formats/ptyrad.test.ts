import { describe, expect, it } from "vitest";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { readScanArrays } from "../../../src/scans/registry.ts";
import { complex, fileOf, float32, real, scalar } from "./handMade.ts";
import { expectKnown, knownScan } from "./knownScan.ts";

const known = knownScan({ N: 8 });
const { N, positions, counts, object, probe } = known;
const n = positions.length / 2;

const part = (of: (re: number, im: number) => number): Float32Array =>
  Float32Array.from({ length: object.data.length / 2 }, (_, i) => of(object.data[2 * i], object.data[2 * i + 1]));

const result = (more: Record<string, NpyArray> = {}): Record<string, NpyArray> => ({
  "optimizable_tensors/obja": float32([1, 1, ...object.shape], part(Math.hypot)),
  "optimizable_tensors/objp": float32(
    [1, 1, ...object.shape],
    part((re, im) => Math.atan2(im, re)),
  ),
  "optimizable_tensors/probe": complex([1, N, N], probe.data),
  "optimizable_tensors/probe_pos_shifts": real(
    [n, 2],
    Array.from(positions, (_, i) => (i % 3) * 0.25),
  ),
  "model_attributes/crop_pos": real(
    [n, 2],
    Array.from(positions, (value, i) => value - N / 2 - (i % 3) * 0.25),
  ),
  "model_attributes/dx": scalar(0.15),
  "model_attributes/lambd": scalar(0.0251),
  ...more,
});
const measurement = {
  patterns: [{ file: fileOf({ any: float32([3, 4, N, N], counts) }), key: "any", where: "measurement.h5" }],
};

describe("PtyRAD's files", () => {
  it("are results, to which a measurement of any name fits: corners and shifts, ångström", () => {
    const dataset = readScanArrays(fileOf(result()), { patterns: "measurement.h5::any" }, { elsewhere: measurement });
    expect(dataset.provenance.format?.name).toBe("ptyrad");
    expectKnown(dataset, known);
    expect(dataset.geometry).toMatchObject({ radiation: "electrons", objectPixelM: expect.closeTo(1.5e-11, 20) });
  });

  it("of several slices have no object, and say so; alone they say what is missing", () => {
    const two = float32([1, 2, ...object.shape], [...part(Math.hypot), ...part(Math.hypot)]);
    const slices = result({ "optimizable_tensors/obja": two, "optimizable_tensors/objp": two });
    const dataset = readScanArrays(fileOf(slices), { patterns: "measurement.h5::any" }, { elsewhere: measurement });
    expect(dataset.object).toBeUndefined();
    expect(dataset.provenance.warnings.join()).toMatch(/2 slices/);
    expect(() => readScanArrays(fileOf(result()))).toThrow(/no patterns.*`patterns=FILE::ARRAY`/s);
  });

  it("are measurements by the names of their arrays, on a raster", () => {
    const dataset = readScanArrays(
      fileOf({ "entry/meas": float32([3, 4, N, N], counts), "entry/probe": complex([N, N], probe.data) }),
      { patternsKey: "entry/meas", probeKey: "entry/probe", scanStep: 3, measurement: "counts" },
    );
    expect([dataset.patterns.count, dataset.positions[3] - dataset.positions[1]]).toEqual([12, 3]);
  });
});
