import { describe, expect, it } from "vitest";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { readScanArrays, scanParts } from "../../../src/scans/registry.ts";
import { tolerances } from "../../tolerances.ts";
import { complex, fileOf, real, scalar, text } from "./handMade.ts";

const side = 16;
const [rows, columns] = [3, 4];
const count = rows * columns;
const pixel = 1e-8;
const entry = "entry_1";
const instrument = `${entry}/instrument_1`;
const detector = `${instrument}/detector_1`;

/** Of the probe over the object, rows and columns: a raster, slow axis first, with a lean. */
const truth = Array.from({ length: count }, (_, k) => [Math.floor(k / columns) * 3, (k % columns) * 2.5 + 0.25 * k]);
/** Of the sample, in micrometres: y up, x to the left, against the probe. */
const sampleX = truth.map(([, x]) => x * pixel * 1e6);
const sampleY = truth.map(([y]) => y * pixel * 1e6);

function nexus(more: Record<string, NpyArray> = {}, attributes: Record<string, Record<string, NpyArray>> = {}) {
  return fileOf(
    {
      [`${entry}/definition`]: text("NXcxi_ptycho"),
      [`${detector}/data`]: real([rows, columns, side, side], new Float64Array(count * side * side).fill(2)),
      [`${detector}/distance`]: scalar(2000),
      [`${detector}/x_pixel_size`]: scalar(75),
      [`${detector}/y_pixel_size`]: scalar(75),
      [`${instrument}/source_1/energy`]: scalar(3),
      [`${instrument}/source_1/illumination`]: complex([side, side], new Float32Array(2 * side * side).fill(1)),
      [`${instrument}/beam_1/incident_beam_energy`]: scalar(9000),
      ...more,
    },
    {
      [`${detector}/distance`]: { units: text("mm") },
      [`${detector}/x_pixel_size`]: { units: text("µm") },
      [`${detector}/y_pixel_size`]: { units: text("um") },
      [`${instrument}/source_1/energy`]: { units: text("GeV") },
      [`${instrument}/beam_1/incident_beam_energy`]: { units: text("eV") },
      ...attributes,
    },
  );
}

const motors = {
  [`${entry}/sample_1/transformations/x`]: real([rows, columns], sampleX),
  [`${entry}/sample_1/transformations/y`]: real([rows, columns], sampleY),
};
const inMicrons = {
  [`${entry}/sample_1/transformations/x`]: { units: text("um") },
  [`${entry}/sample_1/transformations/y`]: { units: text("um") },
};
const options = { geometry: { objectPixelM: pixel } };
const without = (file: ReturnType<typeof nexus>) => ({
  ...file,
  has: (key: string) => !/distance$/.test(key) && file.has(key),
});

describe("NXptycho and NXcxi_ptycho", () => {
  it("units are converted, and the beam's energy wins over the machine's", () => {
    const { format, parts } = scanParts(nexus(), {}, "scan.nxs");
    expect(format.name).toBe("nx_ptycho");
    expect(parts.geometry.energyKev).toBeCloseTo(9, 12);
    expect(parts.geometry.detectorDistanceM).toBeCloseTo(2, 12);
    expect(parts.geometry.detectorPixelM).toBeCloseTo(75e-6, 15);
    expect(parts.conversions?.join()).toMatch(/2000 mm is 2 m/);
  });

  it.each([
    ["motors x and y of a raster", motors, inMicrons],
    [
      "translations",
      {
        [`${entry}/data_1/translation`]: real(
          [count, 3],
          sampleX.flatMap((x, k) => [x, sampleY[k], 0]),
        ),
      },
      { [`${entry}/data_1/translation`]: { units: text("um") } },
    ],
    [
      "motors with directions of their own",
      {
        [`${entry}/sample_1/transformations/x`]: real([count], sampleY),
        [`${entry}/sample_1/transformations/y`]: real(
          [count],
          sampleX.map((x) => -x),
        ),
      },
      {
        [`${entry}/sample_1/transformations/x`]: { units: text("um"), vector: real([3], [0, 2, 0]) },
        [`${entry}/sample_1/transformations/y`]: { units: text("um"), vector: real([3], [-1, 0, 0]) },
      },
    ],
  ] as const)("%s: the probe goes the other way than the sample, a raster slow axis first", (_, arrays, attributes) => {
    const file = without(nexus(arrays, attributes));
    const { positions, patterns, provenance } = readScanArrays(file, options, { path: "scan.nxs" });
    expect([patterns.count, patterns.height]).toEqual([count, side]);
    // Sample up by s: the probe down by s, which is −row · (0, −1, 0): rows are minus the sample along the rows' direction.
    for (const [k, [y, x]] of truth.entries()) {
      const row = positions[2 * k] - positions[0];
      const column = positions[2 * k + 1] - positions[1];
      expect(Math.hypot(row - (y - truth[0][0]), column - (x - truth[0][1]))).toBeLessThan(tolerances.parityPosition);
    }
    expect(provenance.conventions).toMatchObject({ positions_are: "sample", position_unit: "m" });
  });

  it('every bit of pixel_mask is a defect, CXI\'s "has signal" in mask is none', () => {
    const bits = new Uint32Array(side * side);
    bits.set([0x1000, 1, 0x10]);
    const invalid = (name: string) => {
      const mask: NpyArray = { shape: [side, side], dtype: "uint32", data: bits };
      const { parts } = scanParts(nexus({ [`${detector}/${name}`]: mask }), {}, "scan.nxs");
      const valid = parts.mask?.read().data;
      return [0, 1, 2].filter((i) => valid?.[i] === 0);
    };
    expect([invalid("mask"), invalid("pixel_mask")]).toEqual([
      [1, 2],
      [0, 1, 2],
    ]);
  });

  it("a unit that is not known is an error that names it", () => {
    const attributes = { [`${detector}/distance`]: { units: text("furlong") } };
    expect(() => scanParts(nexus({}, attributes), {}, "scan.nxs")).toThrow(/furlong/);
  });
});
