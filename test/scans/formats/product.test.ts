import { describe, expect, it } from "vitest";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { Random } from "../../../src/random.ts";
import { companionsOf, withoutCompanions } from "../../../src/scans/companions.ts";
import { readScanArrays, scanParts } from "../../../src/scans/registry.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { maxDeviation } from "../../evaluate.ts";
import { tolerances } from "../../tolerances.ts";
import { complex, fileOf, real, scalar, text } from "./handMade.ts";

const random = new Random(8);
const pixel = 2.5e-8;
const count = 5;

interface Written {
  readonly side?: number;
  readonly object?: readonly [number, number];
  readonly centre?: readonly [y: number, x: number];
  readonly arrays?: Readonly<Record<string, NpyArray>>;
  readonly attributes?: Readonly<Record<string, NpyArray>>;
}

/** Whole windows inside the object: where each starts, rows and columns. */
const starts = Float64Array.from({ length: 2 * count }, () => 20 * random.uniform());

/**
 * Positions by the convention's definition: a window's middle is half its side after its start, the object's middle is half
 * its side, and this is at the centre that is stated.
 */
function product({ side = 16, object = [48, 52], centre = [3e-7, -2e-7], arrays = {}, attributes = {} }: Written = {}) {
  const metres = (axis: number) =>
    Float64Array.from({ length: count }, (_, k) => {
      const middle = starts[2 * k + axis] + side / 2;
      return (middle - object[axis] / 2) * pixel + centre[axis];
    });
  const size = { pixel_height_m: scalar(pixel), pixel_width_m: scalar(pixel) };
  return fileOf(
    {
      dp: real([count, side, side], new Float64Array(count * side * side).fill(3)),
      probe_position_indexes: real([count], [0, 1, 2, 3, 4]),
      probe_position_x_m: real([count], metres(1)),
      probe_position_y_m: real([count], metres(0)),
      probe: complex([2, side, side], new Float32Array(4 * side * side).fill(1)),
      object: complex([1, ...object], new Float32Array(2 * object[0] * object[1]).fill(1)),
      ...arrays,
    },
    {
      "": {
        name: text("scan"),
        probe_energy_eV: scalar(8000),
        detector_object_distance_m: scalar(2),
        probe_photon_count: scalar(5000),
        ...attributes,
      },
      object: { ...size, center_y_m: scalar(centre[0]), center_x_m: scalar(centre[1]) },
      probe: size,
    },
  );
}

const read = (written: Written = {}, options: ScanOptions = {}) =>
  readScanArrays(product(written), options, { path: "scan.h5" });

describe("Ptychodus' products", () => {
  it.each([
    [16, [48, 52]],
    [16, [47, 53]],
    [15, [48, 51]],
    [15, [45, 50]],
  ] as const)("windows of %i pixels in an object of %s start where they were written", (side, object) => {
    const { positions, object: read_, geometry } = read({ side, object });
    const middle = Float64Array.from(starts, (start) => start + Math.floor(side / 2));
    expect(maxDeviation(positions, middle) * Math.max(...middle)).toBeLessThan(tolerances.parityPosition);
    expect(read_?.shape).toEqual(object);
    expect(geometry).toMatchObject({ objectPixelM: pixel, detectorDistanceM: 2, radiation: "photons" });
  });

  it("counts, modes, dose and conventions", () => {
    const { measurement, probe, photonsPerPattern, provenance } = read();
    expect([measurement, photonsPerPattern]).toEqual(["counts", 5000]);
    expect(probe.shape).toEqual([2, 16, 16]);
    expect(provenance.conventions).toMatchObject({ positions_are: "probe", position_unit: "m", dc_at: "center" });
    expect(provenance.conversions.join()).toMatch(/half its side \(24, 26\)/);
  });

  it("probes that vary: the first is taken, and it is said", () => {
    const varying = new Float32Array(2 * 3 * 2 * 256);
    varying.fill(7, 0, 2 * 2 * 256);
    for (const arrays of [
      { probe: complex([3, 2, 16, 16], varying) },
      { opr_weights: real([count, 3], new Float64Array(3 * count)) },
    ] as Record<string, NpyArray>[]) {
      const { probe, provenance } = read({ arrays });
      expect(probe.shape).toEqual([2, 16, 16]);
      expect(provenance.warnings.join()).toMatch(/3 orthogonal probes with weights \(OPR\)/);
    }
    const { probe } = read({ arrays: { probe: complex([3, 2, 16, 16], varying) } });
    expect(probe.data.every((value) => value === 7)).toBe(true);
  });

  it("positions are put in the order of the patterns by their indexes", () => {
    const sorted = read().positions;
    const { positions, provenance } = read({
      arrays: { probe_position_indexes: real([count], [4, 2, 0, 1, 3]) },
    });
    for (const [k, index] of [4, 2, 0, 1, 3].entries())
      expect([...positions.slice(2 * index, 2 * index + 2)]).toEqual([...sorted.slice(2 * k, 2 * k + 2)]);
    expect(provenance.conversions.join()).toMatch(/order of the patterns/);
  });

  it("a pattern whose position is missing is named, with what leaves it out", () => {
    const arrays = { indexes: real([count], [0, 1, 2, 3, 9]) };
    expect(() => read({ arrays })).toThrow(/skip_frames=4/);
    const { provenance } = read({ arrays }, { skipFrames: "4", someLeftOut: true });
    expect(provenance.warnings.join()).toMatch(/1 positions have no pattern/);
  });

  it("pixels of probe and object that differ are said, with numbers", () => {
    const file = product();
    const other = {
      ...file,
      attributes: (key?: string) =>
        key === "probe" ? { pixel_height_m: scalar(3e-8), pixel_width_m: scalar(3e-8) } : file.attributes(key),
    };
    const { warnings = [] } = scanParts(other, {}, "scan.h5").parts;
    expect(warnings.join()).toMatch(/2\.5e-8 m and the probe's 3e-8 m/);
  });

  it("the arrays of an NPZ say what attributes do, with bad pixels", () => {
    const bad = new Uint8Array(256);
    bad[7] = 1;
    const file = product({
      arrays: {
        object_pixel_width_m: scalar(pixel),
        object_pixel_height_m: scalar(pixel),
        object_center_x_m: scalar(-2e-7),
        object_center_y_m: scalar(3e-7),
        probe_energy_eV: scalar(8000),
        bad_pixels: { shape: [16, 16], dtype: "bool", data: bad },
      },
    });
    const dataset = readScanArrays({ ...file, attributes: () => ({}) }, {}, { path: "scan.npz" });
    expect([...dataset.positions]).toEqual([...read().positions]);
    expect([...dataset.mask!.data.keys()].filter((i) => dataset.mask!.data[i] === 0)).toEqual([7]);
    expect(dataset.geometry).toEqual({
      ...read().geometry,
      detectorDistanceM: undefined,
    });
  });

  it("files of a pair know each other by name, and count once", () => {
    expect(companionsOf("a/x_dp.hdf5")).toEqual(["a/x_para.hdf5", "a/x_para.h5"]);
    expect(companionsOf("x_para.h5")).toEqual(["x_dp.h5", "x_dp.hdf5"]);
    expect(companionsOf("x_product.npz")).toEqual(["x_patterns.npz"]);
    expect(companionsOf("x.hdf5")).toEqual([]);
    expect(withoutCompanions(["a_dp.hdf5", "a_para.hdf5", "b_para.hdf5", "c.h5"])).toEqual([
      "a_dp.hdf5",
      "b_para.hdf5",
      "c.h5",
    ]);
  });
});
