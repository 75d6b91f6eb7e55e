import { expect, it } from "vitest";
import type { Dataset } from "../../../src/data/dataset.ts";
import type { ArrayFile } from "../../../src/formats/arrayFile.ts";
import { openArrayFile } from "../../../src/formats/containers.ts";
import { framesOf } from "../../../src/scans/writers/frames.ts";
import { scanWriterNamed } from "../../../src/scans/writers/registry.ts";
import { simulate } from "../../../src/simulation/simulate.ts";
import { writtenTo } from "./written.ts";

/** A written scan's files by their names. */
async function written(name: string, path: string, scan: Dataset): Promise<Record<string, ArrayFile>> {
  const writer = scanWriterNamed(name);
  const options = { compress: true, history: ["from somewhere"] };
  const made = await writtenTo(writer.files?.(path) ?? [path], (files) => writer.write(framesOf(scan), files, options));
  const opened = Object.entries(made).map(async ([each, bytes]) => [each, await openArrayFile(bytes, each)] as const);
  return Object.fromEntries(await Promise.all(opened));
}

const geometry = { energyKev: 8.8, detectorDistanceM: 1.9, detectorPixelM: 75e-6 };
const n = 33;
const scan = simulate({ n, patterns: 12, seed: 5, modes: 2, beamstop: 5, measurement: "amplitude", geometry });
const pixel = (1.4089113458318212e-10 * 1.9) / (n * 75e-6);
const [rows, columns] = scan.object?.shape ?? [];

/** Of frame k, metres from the object's middle pixel, (y, x), by the definition. */
const place = (k: number): [number, number] => [
  (scan.positions[2 * k] - Math.floor(rows / 2)) * pixel,
  (scan.positions[2 * k + 1] - Math.floor(columns / 2)) * pixel,
];
const counts = (): Float32Array => {
  const out = new Float32Array(12 * n * n);
  scan.patterns.read([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], out);
  return out.map((amplitude) => Math.round(amplitude ** 2));
};
const number = (file: ArrayFile, key: string): number => Number(file.read(key).data[0]);
const near = (value: number, expected: number): void => expect(value / expected).toBeCloseTo(1, 9);

it("CXI: the sample goes against the probe, by the basis vectors; joules, metres, bits", async () => {
  const { "s.cxi": file } = await written("cxi", "s.cxi", scan);
  expect(number(file, "cxi_version")).toBe(160);
  expect(file.readNumbers("entry_1/data_1/data").data).toEqual(counts());
  near(number(file, "entry_1/instrument_1/source_1/energy"), 8.8e3 * 1.602176634e-19);
  near(number(file, "entry_1/instrument_1/detector_1/distance"), 1.9);
  const basis = file.readNumbers("entry_1/instrument_1/detector_1/basis_vectors");
  expect(basis.shape).toEqual([3, 2]);
  expect(Array.from(basis.data)).toEqual([0, -75e-6, -75e-6, 0, 0, 0]);
  const translation = file.readNumbers("entry_1/data_1/translation").data;
  for (let k = 0; k < 12; k++) {
    // As CXI defines it: the probe is at minus the translation, and its row is along the first vector.
    const [y, x] = [0, 1].map((vector) =>
      [0, 1, 2].reduce((sum, axis) => sum - (translation[3 * k + axis] * basis.data[2 * axis + vector]) / 75e-6, 0),
    );
    expect(y).toBeCloseTo(place(k)[0], 15);
    expect(x).toBeCloseTo(place(k)[1], 15);
  }
  const mask = file.readNumbers("entry_1/instrument_1/detector_1/mask");
  expect(mask.dtype).toBe("uint32");
  expect(Array.from(mask.data)).toEqual(Array.from(scan.mask!.data, (valid) => 1 - valid));
  expect(file.read("entry_1/instrument_1/source_1/illumination")).toMatchObject({
    shape: [2, n, n],
    data: scan.probe.data,
  });
  expect(file.read("entry_1/image_1/data")).toMatchObject({ dtype: "complex64", data: scan.object!.data });
  expect(file.read("entry_1/process_1/note").data).toEqual(["from somewhere"]);
});

it("NXcxi_ptycho: classes, units, and defaults that lead to the patterns", async () => {
  const { "s.nxs": file } = await written("nxcxi", "s.nxs", scan);
  const entry = String(file.attributes()["default"].data[0]);
  const plot = `${entry}/${file.attributes(entry)["default"].data[0]}`;
  expect(file.attributes(plot)["NX_class"].data).toEqual(["NXdata"]);
  expect(file.readNumbers(`${plot}/${file.attributes(plot)["signal"].data[0]}`).data).toEqual(counts());
  expect(file.attributes(plot)["axes"].data).toEqual(["x", ".", "."]);
  expect(file.read("entry_1/definition").data).toEqual(["NXcxi_ptycho"]);
  for (const [key, unit] of [
    ["instrument_1/beam_1/energy", "J"],
    ["instrument_1/detector_1/distance", "m"],
    ["instrument_1/detector_1/x_pixel_size", "m"],
    ["instrument_1/detector_1/translation", "m"],
  ])
    expect(file.attributes(`entry_1/${key}`)["units"].data).toEqual([unit]);
  near(number(file, "entry_1/instrument_1/beam_1/energy"), 8.8e3 * 1.602176634e-19);
  // Rows go down, which is −y, and the sample against the probe: twice minus.
  const translation = file.readNumbers("entry_1/sample_1/geometry_1/translation").data;
  for (let k = 0; k < 12; k++) {
    expect(translation[3 * k + 1]).toBeCloseTo(place(k)[0], 15);
    expect(translation[3 * k]).toBeCloseTo(place(k)[1], 15);
  }
});

it("ptyd: one chunk, types, keV", async () => {
  const { "s.ptyd": file } = await written("ptyd", "s.ptyd", scan);
  expect(file.readNumbers("chunks/0/data").data).toEqual(counts());
  near(number(file, "meta/energy"), 8.8);
  near(number(file, "meta/psize"), 75e-6);
  const positions = file.readNumbers("chunks/0/positions");
  expect(positions.shape).toEqual([12, 2]);
  for (let k = 0; k < 12; k++) {
    expect(positions.data[2 * k]).toBeCloseTo(place(k)[0], 15);
    expect(positions.data[2 * k + 1]).toBeCloseTo(place(k)[1], 15);
  }
  expect(file.readNumbers("meta/weight2d").data).toEqual(scan.mask!.data);
  for (const [key, type] of [
    ["meta", "param"],
    ["meta/shape", "arraytuple"],
    ["meta/propagation", "string"],
    ["chunks/0", "dict"],
    ["chunks/0/data", "array"],
  ])
    expect(file.attributes(key)["type"].data).toEqual([type]);
});

it("products and pairs: counts in one file, all else in the other; the object's middle is half its side", async () => {
  for (const [name, path, patterns, others] of [
    ["pair", "s_dp.hdf5", "s_dp.hdf5", "s_para.hdf5"],
    ["pair", "s.h5", "s_dp.hdf5", "s_para.hdf5"],
    ["product", "s.h5", "s_patterns.h5", "s_product.h5"],
  ] as const) {
    const files = await written(name, path, scan);
    expect(Object.keys(files).sort()).toEqual([patterns, others].sort());
    expect(files[patterns].readNumbers("dp").data).toEqual(counts());
    const file = files[others];
    const attributes = file.attributes();
    near(Number(attributes["probe_energy_eV"].data[0]), 8800);
    expect(attributes["comments"].data).toEqual(["from somewhere"]);
    expect(file.header("probe").shape).toEqual(name === "pair" ? [1, 2, n, n] : [2, n, n]);
    expect(file.header("object").shape).toEqual([1, rows, columns]);
    const of = Object.fromEntries(
      Object.entries(file.attributes("object")).map(([key, { data }]) => [key, Number(data[0])]),
    );
    near(of["pixel_width_m"], pixel);
    const [y, x] = ["y", "x"].map((axis) => file.readNumbers(`probe_position_${axis}_m`).data);
    for (let k = 0; k < 12; k++) {
      // Corner of the window: index of its centre less floor(n / 2), and, as Ptychodus has it, its place less n / 2.
      for (const [axis, [value, centre, side]] of (
        [
          [y[k], of["center_y_m"], rows],
          [x[k], of["center_x_m"], columns],
        ] as const
      ).entries()) {
        const corner = (value - centre) / pixel + side / 2 - n / 2;
        expect(corner).toBeCloseTo(scan.positions[2 * k + axis] - Math.floor(n / 2), 6);
      }
    }
  }
});

it("a product as NPZ has the bad pixels with its patterns", async () => {
  const files = await written("product_npz", "s_product.npz", scan);
  const { "s_patterns.npz": patterns, "s_product.npz": product } = files;
  expect(patterns.readNumbers("patterns").data).toEqual(counts());
  expect(patterns.header("bad_pixels").dtype).toBe("bool");
  expect(Array.from(patterns.readNumbers("bad_pixels").data)).toEqual(
    Array.from(scan.mask!.data, (valid) => 1 - valid),
  );
  near(number(product, "probe_energy_eV"), 8800);
  expect(product.header("probe").shape).toEqual([2, n, n]);
  expect(product.read("name").data).toEqual([scan.name]);
});
