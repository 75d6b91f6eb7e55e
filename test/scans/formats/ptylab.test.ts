import { describe, expect, it } from "vitest";
import { openArrayFile } from "../../../src/formats/containers.ts";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { readScanArrays } from "../../../src/scans/registry.ts";
import { writtenHdf5 } from "../../formats/hdf5/written.ts";
import { complex, fileOf, float32, real, scalar } from "./handMade.ts";
import { expectKnown, knownScan, transposed } from "./knownScan.ts";

const known = knownScan({ N: 8 });
const { N, positions, counts, object, probe } = known;
const n = positions.length / 2;

/** dxo = λ z / (N dxd): 500 nm · 0.05 m / (8 · 5 µm). */
const [wavelength, zo, dxd] = [5e-7, 0.05, 5e-6];
const dxo = (wavelength * zo) / (N * dxd);
/** In metres from the object's middle pixel, index floor(n/2). */
const encoder = positions.map((value, i) => (value - Math.floor(object.shape[i % 2] / 2)) * dxo);

const measurement = (more: Record<string, NpyArray> = {}): Record<string, NpyArray> => ({
  ptychogram: float32([n, N, N], counts),
  encoder: real([n, 2], encoder),
  wavelength: scalar(wavelength),
  zo: scalar(zo),
  dxd: scalar(dxd),
  ...more,
});
const results = {
  object: complex([1, 1, 1, 1, ...object.shape], object.data),
  probe: complex([1, 1, 1, 1, N, N], probe.data),
};

/** What PtyLab's orientation undoes: the detector's image of a pattern. */
function asDetected(frames: Float32Array, orientation: number): Float32Array {
  const flipped = frames.map((_, i) => {
    const [frame, y, x] = [Math.floor(i / (N * N)), Math.floor((i % (N * N)) / N), i % N];
    const row = orientation & 2 ? N - 1 - y : y;
    return frames[frame * N * N + row * N + (orientation & 1 ? N - 1 - x : x)];
  });
  return orientation & 4 ? transposed(flipped, N) : flipped;
}

describe("PtyLab's files", () => {
  it("are read with object and probe: metres from the middle, counts, zero frequency at the centre", () => {
    const dataset = readScanArrays(fileOf(measurement(results)));
    expect(dataset.provenance.format?.name).toBe("ptylab");
    expect(dataset.geometry?.objectPixelM).toBeCloseTo(dxo, 12);
    expectKnown(dataset, known);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])("are turned as orientation %i asks, which is recorded", (orientation) => {
    const detected = asDetected(counts, orientation);
    const file = fileOf(
      measurement({ ...results, ptychogram: float32([n, N, N], detected), orientation: scalar(orientation) }),
    );
    const dataset = readScanArrays(file);
    expectKnown(dataset, known);
    expect(dataset.provenance.conventions?.["orientation"]).toBe(`${orientation}`);
    expect(dataset.provenance.conversions.some((line) => line.includes("orientation"))).toBe(orientation > 0);
    expect(dataset.provenance.warnings.some((line) => line.includes("ptypy"))).toBe(orientation % 4 > 0);
  });

  it("with an encoder that lies, and one-element arrays for numbers, are the same in HDF5", async () => {
    const lying = Float64Array.from(encoder, (_, i) => encoder[2 * (i % n) + Math.floor(i / n)]);
    const bytes = await writtenHdf5((file) => {
      file.create_dataset({ name: "ptychogram", data: counts, shape: [n, N, N], dtype: "<f" });
      file.create_dataset({ name: "encoder", data: lying, shape: [2, n], dtype: "<d" });
      for (const [name, value] of Object.entries({ wavelength, zo, dxd, entrancePupilDiameter: 3 * dxo }))
        file.create_dataset({ name, data: Float64Array.of(value), shape: [1, 1], dtype: "<d" });
    });
    const dataset = readScanArrays(await openArrayFile(bytes, "scan.hdf5"));
    expect(Array.from(dataset.positions, (value, i) => value - dataset.positions[i % 2])).toEqual(
      Array.from(positions, (value, i) => expect.closeTo(value - positions[i % 2], 9)),
    );
    // A disc of three pixels: its middle is 1, two pixels away it is 0.
    const amplitude = (y: number, x: number): number => dataset.probe.data[2 * ((4 + y) * N + 4 + x)];
    expect([amplitude(0, 0), amplitude(1, 0), amplitude(0, 2), amplitude(2, 2)]).toEqual([1, 1, 0, 0]);
  });

  it("of Fourier ptychography are refused; without a probe the flag is named", () => {
    const { zo: _, ...rest } = measurement({ zled: scalar(0.1), NA: scalar(0.2) });
    expect(() => readScanArrays(fileOf(rest))).toThrow(/Fourier ptychography/);
    expect(() => readScanArrays(fileOf(measurement()))).toThrow(/has no probe.*`probe_file/s);
    expect(() => readScanArrays(fileOf(measurement({ ...results, orientation: scalar(9) })))).toThrow(/0 to 7/);
  });

  it("of several slices keep neither object nor probe, and say so", () => {
    const twice = Float32Array.from([...object.data, ...object.data]);
    const dataset = readScanArrays(
      fileOf(measurement({ ...results, object: complex([1, 1, 1, 2, ...object.shape], twice) })),
    );
    expect(dataset.object).toBeUndefined();
    expect(dataset.provenance.warnings.join()).toMatch(/2 slices/);
  });
});
