import { describe, expect, it } from "vitest";
import { openArrayFile } from "../../../src/formats/containers.ts";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { electronWavelength } from "../../../src/optics/units.ts";
import { readScanArrays } from "../../../src/scans/registry.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { writtenHdf5 } from "../../formats/hdf5/written.ts";
import { complex, fileOf, float32, real, scalar, text } from "./handMade.ts";
import { expectKnown, knownScan } from "./knownScan.ts";

const known = knownScan({ N: 8, rows: 3, columns: 4 });
const { N, rows, columns, counts, probe } = known;
const elsewhere = {
  probeFile: [{ file: fileOf({ probe: complex([N, N], probe.data) }), key: "probe", where: "probe" }],
};

/** The known scan's rows are 2 object pixels apart, its columns 3; a pixel has 0.25 Å, so the detector's step is 0.5 / Å. */
const pixelA = 0.25;
const cube = float32([rows, columns, N, N], counts);
const attributesOf = (entries: Record<string, string | number>): Record<string, NpyArray> =>
  Object.fromEntries(
    Object.entries(entries).map(([name, value]) => [name, typeof value === "string" ? text(value) : scalar(value)]),
  );
const read = (
  arrays: Record<string, NpyArray>,
  attributes: Record<string, Record<string, string | number>> = {},
  options: ScanOptions = {},
): ReturnType<typeof readScanArrays> => {
  const named = Object.fromEntries(Object.entries(attributes).map(([path, entries]) => [path, attributesOf(entries)]));
  return readScanArrays(fileOf(arrays, named), options, { elsewhere });
};

/** As emdfile writes it: evenly spaced axes by their first two places, metadata as arrays. */
const emdfile = (): Record<string, NpyArray> => ({
  "datacube_root/datacube/data": cube,
  "datacube_root/datacube/dim0": real([2], [0, 2 * pixelA]),
  "datacube_root/datacube/dim1": real([2], [0, 3 * pixelA]),
  "datacube_root/datacube/dim2": real([2], [0, 0.5]),
  "datacube_root/datacube/dim3": real([2], [0, 0.5]),
  "datacube_root/metadatabundle/calibration/Q_pixel_size": scalar(0.5),
  "datacube_root/metadatabundle/calibration/Q_pixel_units": text("A^-1"),
  "datacube_root/metadatabundle/calibration/R_pixel_size": scalar(1),
  "datacube_root/metadatabundle/calibration/R_pixel_units": text("pixels"),
});
const emdAttributes = {
  datacube_root: { emd_group_type: "root" },
  "datacube_root/datacube": { emd_group_type: "array", python_class: "DataCube" },
  "datacube_root/datacube/dim0": { units: "A", name: "Rx" },
  "datacube_root/datacube/dim1": { units: "A", name: "Ry" },
  "datacube_root/datacube/dim2": { units: "A^-1" },
  "datacube_root/datacube/dim3": { units: "A^-1" },
};

describe("4D-STEM in EMD files", () => {
  it("of emdfile: steps of both spaces by calibration and vectors, in ångström", () => {
    const dataset = read(emdfile(), emdAttributes);
    expect(dataset.provenance.format?.name).toBe("emd");
    expectKnown(dataset, known);
    // 1 / (N dk) = 1 / (8 · 0.5 / Å)
    expect(dataset.geometry?.objectPixelM).toBeCloseTo(pixelA * 1e-10, 20);
    expect(dataset.geometry?.radiation).toBe("electrons");
    expect(dataset.provenance.conversions.join("\n")).toMatch(/1 \/ \(N dk\)[\s\S]*raster of 3 × 4/);
  });

  it("of py4DSTEM 0.12: vectors dim1 to dim4, calibration and microscope as attributes of groups", () => {
    const voltage = 200;
    // λ / (N dθ) is the pixel.
    const mrad = (electronWavelength(voltage) / (N * pixelA * 1e-10)) * 1e3;
    const root = "4DSTEM_experiment";
    const dataset = read(
      {
        [`${root}/data/datacubes/datacube_0/data`]: cube,
        [`${root}/data/datacubes/datacube_0/dim1`]: real(
          [rows],
          [0, 1, 2].map((k) => 0.2 * pixelA * k),
        ),
        [`${root}/data/datacubes/datacube_0/dim2`]: real(
          [columns],
          [0, 1, 2, 3].map((k) => 0.3 * pixelA * k),
        ),
        [`${root}/data/datacubes/datacube_0/dim3`]: real([N], [...Array(N).keys()]),
        [`${root}/data/datacubes/datacube_0/dim4`]: real([N], [...Array(N).keys()]),
      },
      {
        [root]: { emd_group_type: 2, version_major: 0 },
        [`${root}/data/datacubes/datacube_0/dim1`]: { units: "[n_m]" },
        [`${root}/data/datacubes/datacube_0/dim2`]: { units: "[n_m]" },
        [`${root}/metadata/metadata_0/calibration`]: { Q_pixel_size: mrad, Q_pixel_size_units: "mrad" },
        [`${root}/metadata/metadata_0/microscope`]: { accelerating_voltage: 1000 * voltage },
      },
    );
    expectKnown(dataset, known);
    expect(dataset.geometry?.wavelengthM).toBeCloseTo(electronWavelength(voltage), 20);
    expect(dataset.provenance.conversions.join("\n")).toMatch(/taken as volts[\s\S]*λ \/ \(N dθ\)/);
  });

  it.each([false, true])("are brought to the detector's axes by QR_rotation and QR_flip (%s)", (flip) => {
    const bundle = "datacube_root/metadatabundle/calibration";
    const theta = Math.PI / 6;
    const turned = {
      ...emdfile(),
      [`${bundle}/QR_rotation`]: scalar(theta),
      [`${bundle}/QR_flip`]: scalar(flip ? 1 : 0),
    };
    const { positions, provenance } = read(turned, emdAttributes);
    for (let k = 0; k < rows * columns; k++) {
      // py4DSTEM's x runs down the rows: q = (x cos θ + y sin θ, y cos θ − x sin θ), then exchanged where it is flipped.
      const [x, y] = [2 * Math.floor(k / columns), 3 * (k % columns)];
      const q = [x * Math.cos(theta) + y * Math.sin(theta), y * Math.cos(theta) - x * Math.sin(theta)];
      const [row, column] = flip ? [q[1], q[0]] : q;
      expect(positions[2 * k] - positions[0]).toBeCloseTo(row, 9);
      expect(positions[2 * k + 1] - positions[1]).toBeCloseTo(column, 9);
    }
    expect(provenance.conversions.join("\n")).toMatch(/rotated by -?30°/);
  });

  it("that count in pixels ask for the step and the pixel, and take them", () => {
    const plain = { "datacube_root/datacube/data": cube };
    expect(() => read(plain, emdAttributes)).toThrow(/no positions.*`scan_step/s);
    const dataset = read(plain, emdAttributes, {
      scanStep: 0.75,
      positionUnit: "angstrom",
      geometry: { objectPixelM: pixelA * 1e-10 },
    });
    expect(dataset.positions[3] - dataset.positions[1]).toBeCloseTo(3, 9);
    expect(dataset.positions[2 * columns] - dataset.positions[0]).toBeCloseTo(3, 9);
    expect(dataset.provenance.warnings.join("\n")).toMatch(/the scan's step in pixels|no step of the scan/);
  });

  it("whose detector counts in angles take the voltage that is stated", () => {
    const mrad = (electronWavelength(60) / (N * pixelA * 1e-10)) * 1e3;
    const bundle = "datacube_root/metadatabundle/calibration";
    const angles = {
      ...emdfile(),
      [`${bundle}/Q_pixel_size`]: scalar(mrad),
      [`${bundle}/Q_pixel_units`]: text("mrad"),
    };
    expect(() => read(angles, emdAttributes)).toThrow(/size of an object pixel.*`voltage_kv`/s);
    expectKnown(read(angles, emdAttributes, { geometry: { voltageKv: 60 } }), known);
  });

  it("of several arrays take the first, and say so, or the one that is named, with the same calibration", () => {
    const both = {
      "root/a": float32(
        [rows, columns, N, N],
        counts.map((value) => 2 * value),
      ),
      "root/b": cube,
    };
    const bundle = Object.fromEntries(
      Object.entries(emdfile())
        .filter(([key]) => key.includes("metadatabundle"))
        .map(([key, value]) => [key.replace("datacube_root", "root"), value]),
    );
    const file = { ...both, ...bundle, "root/metadatabundle/calibration/R_pixel_units": text("nm") };
    const marked = { root: { emd_group_type: "root" } };
    const scale = (options: ScanOptions): number => {
      const frame = new Float32Array(N * N);
      const { patterns, provenance, geometry } = read(file, marked, options);
      patterns.read([0], frame);
      expect(provenance.format?.name).toBe("emd");
      expect(geometry?.objectPixelM).toBeCloseTo(pixelA * 1e-10, 20);
      expect(/2 arrays have four axes/.test(provenance.warnings.join())).toBe(options.patternsKey === undefined);
      return frame[5] / counts[5];
    };
    expect(scale({})).toBeCloseTo(2, 6);
    expect(scale({ patternsKey: "root/b" })).toBeCloseTo(1, 6);
  });

  it("give way to a stated step, in its own unit", () => {
    const dataset = read(emdfile(), emdAttributes, { scanStep: 5 });
    expect(dataset.positions[3] - dataset.positions[1]).toBeCloseTo(5, 9);
  });

  it("complete a probe that is to be built with the semi-angle", () => {
    const bundle = "datacube_root/metadatabundle/microscope";
    const arrays = {
      ...emdfile(),
      [`${bundle}/convergence_semiangle_mrad`]: scalar(20),
      [`${bundle}/accelerating_voltage_kV`]: scalar(80),
    };
    const file = fileOf(
      arrays,
      Object.fromEntries(Object.entries(emdAttributes).map(([path, own]) => [path, attributesOf(own)])),
    );
    expect(() => readScanArrays(file)).toThrow(/no probe.*`probe_model/s);
    const dataset = readScanArrays(file, { probeModel: "aperture", defocusM: 5e-9 });
    expect(dataset.provenance.conversions.join("\n")).toMatch(/aperture of 20 mrad.*behind its focus/);
    expect(dataset.geometry?.wavelengthM).toBeCloseTo(electronWavelength(80), 20);
  });

  it("are the same out of a real HDF5 file, with integers in chunks", async () => {
    const scaled = Uint16Array.from(counts, (value) => Math.round(1000 * value));
    const bytes = await writtenHdf5((file) => {
      const root = file.create_group("datacube_root");
      root.create_attribute("emd_group_type", "root");
      const group = root.create_group("datacube");
      group.create_attribute("emd_group_type", "array");
      group.create_dataset({
        ...{ name: "data", data: scaled, shape: [rows, columns, N, N], dtype: "<H" },
        ...{ chunks: [1, 1, N, N], compression: "gzip", compression_opts: 4 },
      });
      for (const [axis, step, units] of [
        [0, 2 * pixelA, "A"],
        [1, 3 * pixelA, "A"],
        [2, 0.5, "A^-1"],
        [3, 0.5, "A^-1"],
      ] as const) {
        const dim = group.create_dataset({ name: `dim${axis}`, data: Float64Array.of(0, step), dtype: "<d" });
        dim.create_attribute("units", units);
      }
    });
    const dataset = readScanArrays(await openArrayFile(bytes, "scan.h5"), {}, { elsewhere });
    expect(dataset.provenance.format?.name).toBe("emd");
    expect([dataset.patterns.count, dataset.measurement]).toEqual([rows * columns, "counts"]);
    dataset.positions.forEach((value, i) => {
      expect(value - dataset.positions[i % 2]).toBeCloseTo(known.positions[i] - known.positions[i % 2], 9);
    });
  });
});
