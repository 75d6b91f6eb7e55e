import { describe, expect, it } from "vitest";
import type { ArrayFile } from "../../../src/formats/arrayFile.ts";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { readScanArrays, scanParts } from "../../../src/scans/registry.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { tolerances } from "../../tolerances.ts";
import { complex, fileOf, float32, real, scalar, text } from "./handMade.ts";

const side = 16;
const probe = complex([side, side], new Float32Array(2 * side * side).fill(1));
const probeFile = [{ file: fileOf({ probe }), key: "probe", where: "probe.npz" }];
const positionsFile = (count: number) => {
  const pairs = Float64Array.from({ length: 2 * count }, (_, i) => 20 + i);
  return [{ file: fileOf({ yx: real([count, 2], pairs) }), key: "yx", where: "p.npy" }];
};
const counts = (frames: number, value: (frame: number, i: number) => number): NpyArray => ({
  shape: [frames, side, side],
  dtype: "uint16",
  data: Uint16Array.from({ length: frames * side * side }, (_, i) => value(Math.floor(i / side ** 2), i % side ** 2)),
});
const read = (file: ArrayFile, options: ScanOptions = {}, frames = 0) =>
  readScanArrays(file, options, {
    path: "scan.h5",
    elsewhere: { probeFile, ...(frames === 0 ? {} : { positions: positionsFile(frames) }) },
  });
const invalid = (mask: { readonly data: Float32Array } | undefined) =>
  mask === undefined ? undefined : [...mask.data.keys()].filter((i) => mask.data[i] === 0);

describe("DECTRIS master files", () => {
  const detector = "entry/instrument/detector";
  const bits = new Uint32Array(side * side);
  bits[3] = 1;
  bits[9] = 0x10;
  const master = (more: Readonly<Record<string, NpyArray>> = {}, attributes = {}) =>
    fileOf(
      {
        "entry/data/data_000001": counts(2, (frame, i) => (i === 20 ? 65535 : 10 * frame + (i % 7))),
        "entry/data/data_000002": counts(3, (frame, i) => 10 * (frame + 2) + (i % 7)),
        [`${detector}/detector_distance`]: scalar(2.1),
        [`${detector}/x_pixel_size`]: float32([], [75e-6]),
        [`${detector}/y_pixel_size`]: float32([], [75e-6]),
        [`${detector}/beam_center_x`]: scalar(5),
        [`${detector}/beam_center_y`]: scalar(8),
        [`${detector}/bit_depth_image`]: scalar(16),
        [`${detector}/detectorSpecific/pixel_mask`]: { shape: [side, side], dtype: "uint32", data: bits },
        "entry/instrument/beam/incident_wavelength": scalar(1.2),
        ...more,
      },
      attributes,
    );

  it("data files are joined, the wavelength is in ångströms, and the positions are asked for", () => {
    const { patterns, geometry, measurement, provenance } = read(master(), { positionOrder: "yx" }, 5);
    const frame = new Float32Array(side * side);
    for (let k = 0; k < 5; k++) {
      patterns.read([k], frame);
      expect([frame[0], frame[6]]).toEqual([10 * k, 10 * k + 6]);
    }
    expect(measurement).toBe("counts");
    expect(geometry).toMatchObject({ detectorDistanceM: 2.1, radiation: "photons" });
    expect(geometry?.wavelengthM).toBeCloseTo(1.2e-10, 18);
    expect(geometry?.detectorPixelM).toBeCloseTo(75e-6, 11);
    expect(provenance.warnings.join()).toMatch(/beam_center=8\.0,5\.0/);
    expect(() => read(master())).toThrow(/no positions[\s\S]*positions=FILE/);
  });

  it("units that are stated win over ångströms", () => {
    const units = { "entry/instrument/beam/incident_wavelength": { units: text("nm") } };
    expect(scanParts(master({}, units), {}, "m.h5").parts.geometry.wavelengthM).toBeCloseTo(1.2e-9, 17);
  });

  it("bits of the mask and overflows of the first, middle and last frame are masked", () => {
    const { mask, provenance } = read(master(), { positionOrder: "yx" }, 5);
    expect(invalid(mask)).toEqual([3, 9, 20]);
    expect(provenance.conversions.join()).toMatch(/1 in gaps, 1 noisy[\s\S]*1 more pixels masked that have 65535/);
  });

  it("one virtual dataset is read as it is", () => {
    const { parts, format } = scanParts(
      fileOf({
        "entry/data/data": counts(2, () => 1),
        [`${detector}/detectorSpecific/pixel_mask`]: { shape: [side, side], dtype: "uint32", data: bits },
      }),
      {},
      "m.h5",
    );
    expect([format.name, parts.patterns?.key]).toEqual(["eiger", "entry/data/data"]);
  });
});

describe("NSLS-II HXN", () => {
  const [lambda, distance, ccd] = [0.14, 0.5, 55];
  const pixel = (lambda * 1e-9 * distance) / (side * ccd * 1e-6);
  const truth = [30, 41, 33.5, 40, 36, 47.25];
  const microns = (axis: number) => [0, 1, 2].map((k) => truth[2 * k + axis] * pixel * 1e6);

  it("prepared: amplitudes, points in micrometres with x first", () => {
    const file = fileOf({
      diffamp: float32([3, side, side], new Float32Array(3 * side * side).fill(2)),
      points: real([2, 3], [...microns(1), ...microns(0)]),
      ccd_pixel_um: scalar(ccd),
      lambda_nm: scalar(lambda),
      z_m: scalar(distance),
      angle: scalar(30),
    });
    const { positions, measurement, geometry, provenance } = read(file);
    expect(measurement).toBe("amplitude");
    expect(geometry?.objectPixelM).toBeCloseTo(pixel, 18);
    for (let i = 0; i < truth.length; i++)
      expect(Math.abs(positions[i] - positions[i % 2] - (truth[i] - truth[i % 2]))).toBeLessThan(
        tolerances.parityPosition,
      );
    expect(provenance.warnings.join("\n")).toMatch(/30°[\s\S]*positions_are=sample/);
  });

  it("raw: counts, energy in keV, and what is missing is asked for", () => {
    const file = fileOf({
      "diff_data/merlin1/det_images": counts(3, () => 4),
      "scan/scan_positions": real([2, 3], [...microns(1), ...microns(0)]),
      "scan/energy": scalar(8.8),
    });
    expect(() => read(file)).toThrow(/detector_distance_m[\s\S]*detector_pixel_m/);
    const geometry = { detectorDistanceM: distance, detectorPixelM: 55e-6 };
    const { geometry: known, measurement } = read(file, { geometry });
    expect([measurement, known?.radiation]).toEqual(["counts", "photons"]);
  });
});

describe("Data Exchange", () => {
  it("has counts, and everything else is asked for", () => {
    const file = fileOf({ "exchange/data": counts(3, () => 4), "exchange/data_dark": counts(2, () => 1) });
    const { format, parts } = scanParts(file, {}, "scan.h5");
    expect([format.name, parts.says?.measurement]).toEqual(["data_exchange", "counts"]);
    expect(parts.warnings?.join()).toMatch(/exchange\/data_dark are taken off/);
    const { measurement, patterns } = read(file, { positionOrder: "yx" }, 3);
    const frame = new Float32Array(side * side);
    patterns.read([2], frame);
    expect([measurement, frame[7]]).toEqual(["counts", 3]);
  });
});

describe("LCLS XPP", () => {
  const file = fileOf({
    "jungfrau1M/image_img": counts(3, () => 4),
    "lmc/ch03": real([3], [10, 11, 12]),
    "lmc/ch04": real([3], [0, 0, 0]),
    "lmc/ch05": real([3], [5, 7, 4]),
    "ipm2/sum": real([3], [100, 0, 90]),
  });

  it("y is minus ch05, x is ch03 in micrometres, and dark shots and the angle are said", () => {
    const { positions, provenance } = read(file, { geometry: { objectPixelM: 1e-6 } });
    for (const [i, value] of [0, 0, -2, 1, 1, 2].entries())
      expect(Math.abs(positions[i] - positions[i % 2] - value)).toBeLessThan(tolerances.parityPosition);
    expect(provenance.warnings.join("\n")).toMatch(/θ[\s\S]*1 frames have no beam[\s\S]*skip_frames=1/);
  });
});
