import { describe, expect, it } from "vitest";
import type { ArrayFile } from "../../../src/formats/arrayFile.ts";
import { openArrayFile } from "../../../src/formats/containers.ts";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { readScanArrays } from "../../../src/scans/registry.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { writtenHdf5 } from "../../formats/hdf5/written.ts";
import { complex, fileOf, float32, real, scalar, text } from "./handMade.ts";
import { expectKnown, knownScan, transposed } from "./knownScan.ts";

const known = knownScan({ N: 8 });
const { N, positions, counts, object, probe } = known;
const n = positions.length / 2;
const pixel = 2e-8;
const column = (axis: number, unit: number, origin = 5): number[] =>
  Array.from({ length: n }, (_, k) => (positions[2 * k + axis] - origin) * unit);

/** A probe of its own, as an address gives it. */
const elsewhere = {
  probeFile: [{ file: fileOf({ probe: complex([N, N], probe.data) }), key: "probe", where: "probe" }],
};

/** MATLAB's array (a, b, …): the first index fastest, its axes reversed for everybody else. */
function matlab(shape: readonly number[], at: (index: readonly number[]) => readonly number[]): NpyArray {
  const values: number[] = [];
  const count = shape.reduce((product, extent) => product * extent, 1);
  for (let i = 0; i < count; i++) {
    let rest = i;
    values.push(
      ...at(
        shape.map((extent) => {
          const index = rest % extent;
          rest = Math.floor(rest / extent);
          return index;
        }),
      ),
    );
  }
  const reversed = [...shape].reverse();
  return values.length === count ? real(reversed, values) : complex(reversed, values);
}

describe("what fold_slice reconstructs from", () => {
  const scan = (more: Record<string, NpyArray> = {}, unit = pixel): Record<string, NpyArray> => ({
    dp: float32([n, N, N], transposed(counts, N)),
    ppX: real([1, n], column(1, unit)),
    ppY: real([1, n], column(0, unit)),
    ...more,
  });
  const read = (arrays: Record<string, NpyArray>, options: ScanOptions = {}): ReturnType<typeof readScanArrays> =>
    readScanArrays(fileOf(arrays), options, { elsewhere });

  it("is read with MATLAB's axes: metres, counts, the probe's way", () => {
    const dataset = read(scan({ dx: scalar(pixel), lambda: scalar(1.4e-10) }));
    expect(dataset.provenance.format?.name).toBe("fold_slice");
    expectKnown(dataset, known);
    expect(dataset.provenance.conversions.join("\n")).toMatch(/y and x of each frame exchanged/);
    expect(dataset.provenance.conventions?.["positions_are"]).toBe("probe");
  });

  it("asks for the pixel where the file has none, and takes it and the sign as stated", () => {
    expect(() => read(scan())).toThrow(/size of an object pixel.*`object_pixel_m/s);
    expectKnown(read(scan(), { geometry: { objectPixelM: pixel } }), known);
    const turned = scan({ ppX: real([n], column(1, -pixel)), ppY: real([n], column(0, -pixel)), dx: scalar(pixel) });
    expectKnown(read(turned, { positionsAre: "sample" }), known);
  });

  it("is of electrons where metres would be absurd", () => {
    const dataset = read(scan({ dx: scalar(0.4), lambda: scalar(0.0197) }, 0.4));
    expectKnown(dataset, known);
    expect(dataset.geometry).toMatchObject({ radiation: "electrons", objectPixelM: expect.closeTo(4e-11, 20) });
    expect(dataset.geometry?.wavelengthM).toBeCloseTo(1.97e-12, 20);
    expect(dataset.provenance.conversions.join()).toMatch(/ångström/);
  });

  it("is the same in HDF5, compressed", async () => {
    const bytes = await writtenHdf5((file) => {
      const chunks = [1, N, N];
      file.create_dataset({
        ...{ name: "dp", data: transposed(counts, N), shape: [n, N, N], dtype: "<f", chunks },
        ...{ compression: "gzip", compression_opts: 4 },
      });
      for (const [name, axis] of [
        ["ppX", 1],
        ["ppY", 0],
      ] as const)
        file.create_dataset({ name, data: Float64Array.from(column(axis, pixel)), shape: [1, n], dtype: "<d" });
      file.create_dataset({ name: "dx", data: Float64Array.of(pixel), shape: [1, 1], dtype: "<d" });
    });
    expectKnown(readScanArrays(await openArrayFile(bytes, "data.hdf5"), {}, { elsewhere }), known);
  });
});

describe("what fold_slice saves", () => {
  const [rows, columns] = object.shape as [number, number];
  const pairAt = (data: Float32Array, index: number): number[] => [data[2 * index], data[2 * index + 1]];
  const ofAxis = (axis: number): number => Math.ceil((object.shape[axis] - N) / 2) - 1 + N / 2;
  const result = (): Record<string, NpyArray> => ({
    object: matlab([rows, columns], ([y, x]) => pairAt(object.data, y * columns + x)),
    probe: matlab([N, N, 2], ([y, x, mode]) =>
      pairAt(probe.data, y * N + x).map((value) => (mode === 0 ? value : 0.5 * value)),
    ),
    "outputs/probe_positions": matlab([n, 2], ([k, axis]) => [positions[2 * k + 1 - axis] - ofAxis(1 - axis)]),
    "p/dx_spec": real([2, 1], [pixel, pixel]),
    "p/lambda": scalar(1.4e-10),
  });
  const patterns = {
    // Two modes, the second of half the amplitude.
    patterns: [
      {
        file: fileOf({
          dp: float32(
            [n, N, N],
            counts.map((value) => 1.25 * value),
          ),
        }),
        key: "dp",
        where: "dp",
      },
    ],
  };

  it("has object, modes and positions, to which patterns of another file fit", () => {
    const dataset = readScanArrays(fileOf(result()), { patterns: "dp.h5::dp" }, { elsewhere: patterns });
    expect(dataset.provenance.format?.name).toBe("fold_slice_result");
    expect(dataset.probe.shape).toEqual([2, N, N]);
    expectKnown(dataset, known);
    expect(dataset.geometry?.objectPixelM).toBe(pixel);
  });

  it("is of electrons where it says so, in letters as MATLAB has them", () => {
    const letters: NpyArray = { shape: [8, 1], dtype: "uint16", data: Uint16Array.from(Buffer.from("electron")) };
    const electrons = { ...result(), "p/beam_source": letters, "p/lambda": scalar(0.0197), "p/dx_spec": scalar(0.005) };
    const marked = { "p/beam_source": { MATLAB_class: text("char") } };
    const dataset = readScanArrays(fileOf(electrons, marked), { patterns: "dp.h5::dp" }, { elsewhere: patterns });
    expect(dataset.geometry).toMatchObject({ radiation: "electrons", objectPixelM: expect.closeTo(5e-13, 20) });
  });

  it("in cells is left out, with a word", () => {
    const file = fileOf(result());
    const cell = { ...file.header("object"), shape: [1, 1], dtype: "object", kind: "references" } as const;
    const cells: ArrayFile = { ...file, header: (key) => (key === "object" ? cell : file.header(key)) };
    const dataset = readScanArrays(cells, { patterns: "dp.h5::dp" }, { elsewhere: patterns });
    expect(dataset.object).toBeUndefined();
    expect(dataset.provenance.warnings.join()).toMatch(/object is a cell.*object = object\{1\}/);
  });

  it("without patterns says so, with the flag; of several layers has no object", () => {
    expect(() => readScanArrays(fileOf(result()))).toThrow(/no patterns.*`patterns=FILE::ARRAY`/s);
    const layers = matlab([rows, columns, 2], ([y, x]) => pairAt(object.data, y * columns + x));
    const dataset = readScanArrays(
      fileOf({ ...result(), object: layers }),
      { patterns: "dp.h5::dp" },
      { elsewhere: patterns },
    );
    expect(dataset.object).toBeUndefined();
    expect(dataset.provenance.warnings.join()).toMatch(/2 layers/);
  });
});
