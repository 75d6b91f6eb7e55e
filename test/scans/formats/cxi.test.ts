import { describe, expect, it } from "vitest";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { readScanArrays, scanParts } from "../../../src/scans/registry.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { maxDeviation } from "../../evaluate.ts";
import { tolerances } from "../../tolerances.ts";
import { complex, fileOf, real, scalar } from "./handMade.ts";
import * as laboratory from "./laboratory.ts";

const { objectPixel, pixel, side, wavelength, distance } = laboratory;
type Vector = laboratory.Vector;

/** Where the sample was moved to, metres (x, y). */
const moved: readonly (readonly [number, number])[] = [
  [0, 0],
  [1.25, 0.5],
  [-0.75, 1.5],
  [2, -1.125],
].map(([x, y]) => [x * objectPixel, y * objectPixel] as const);

/** h c / λ. */
const energyJ = (6.62607015e-34 * 299792458) / wavelength;
const detector = "entry_1/instrument_1/detector_1";

interface Written {
  readonly axes?: readonly [Vector, Vector];
  readonly columns?: boolean;
  readonly more?: Readonly<Record<string, NpyArray>>;
}

const usual = [
  [0, -1, 0],
  [-1, 0, 0],
] as const satisfies readonly [Vector, Vector];

/** A file as the specification has it. */
function cxi({ axes, columns = false, more = {} }: Written) {
  const [slow, fast] = axes ?? usual;
  const rows = [slow, fast].map((axis) => axis.map((value) => value * pixel));
  const basis = columns
    ? real(
        [3, 2],
        [0, 1, 2].flatMap((k) => [rows[0][k], rows[1][k]]),
      )
    : real([2, 3], rows.flat());
  const frames = moved.map((place) => [...laboratory.intensities(place, slow, fast)]);
  return fileOf({
    cxi_version: scalar(160),
    "entry_1/data_1/data": real([moved.length, side, side], frames.flat()),
    "entry_1/sample_1/geometry_1/translation": real(
      [moved.length, 3],
      moved.flatMap(([x, y]) => [x, y, 0]),
    ),
    [`${detector}/distance`]: scalar(distance),
    ...(axes === undefined
      ? { [`${detector}/x_pixel_size`]: scalar(pixel) }
      : { [`${detector}/basis_vectors`]: basis }),
    "entry_1/instrument_1/source_1/energy": scalar(energyJ),
    "entry_1/instrument_1/source_1/illumination": complex([side, side], new Float32Array(2 * side * side).fill(1)),
    ...more,
  });
}

const read = (written: Written = {}, options: ScanOptions = {}) =>
  readScanArrays(cxi(written), options, { path: "scan.cxi" });

describe("CXI", () => {
  const turned = Math.SQRT1_2;
  const cases: readonly (readonly [string, Written])[] = [
    ["without the detector's axes", {}],
    ["with the usual axes, in rows", { axes: usual }],
    ["in columns", { axes: usual, columns: true }],
    [
      "a detector seen from behind",
      {
        axes: [
          [0, -1, 0],
          [1, 0, 0],
        ],
        columns: true,
      },
    ],
    [
      "turned by a quarter",
      {
        axes: [
          [1, 0, 0],
          [0, -1, 0],
        ],
      },
    ],
    [
      "turned by an eighth",
      {
        axes: [
          [turned, turned, 0],
          [-turned, turned, 0],
        ],
      },
    ],
  ];

  it.each(cases)("%s: the patterns are those of the object at the positions that are read", (_, written) => {
    const dataset = read(written);
    const [slow, fast] = written.axes ?? usual;
    const frame = new Float32Array(side * side);
    for (let k = 0; k < moved.length; k++) {
      // The origin is free: the first position is the sample's own zero.
      const place = [0, 1].map((axis) => dataset.positions[2 * k + axis] - dataset.positions[axis]);
      dataset.patterns.read([k], frame);
      const expected = laboratory.predicted([place[0], place[1]], slow, fast);
      expect(maxDeviation(frame, expected)).toBeLessThan(tolerances.aliasedBeam);
      // The probe goes the other way than the sample.
      const [x, y] = moved[k];
      const rows = -(x * slow[0] + y * slow[1]) / objectPixel;
      const columns = -(x * fast[0] + y * fast[1]) / objectPixel;
      expect(Math.hypot(place[0] - rows, place[1] - columns)).toBeLessThan(tolerances.parityPosition);
    }
  });

  it("says its conventions, counts, energy in joules, and that the sample moved", () => {
    const { measurement, geometry, provenance } = read();
    expect(measurement).toBe("counts");
    expect(geometry).toMatchObject({ radiation: "photons", detectorDistanceM: distance, detectorPixelM: pixel });
    expect(geometry?.wavelengthM).toBeCloseTo(wavelength, 17);
    expect(provenance.format?.name).toBe("cxi");
    expect(provenance.conventions).toMatchObject({
      dc_at: "center",
      positions_are: "sample",
      position_unit: "m",
      position_origin: "centered",
      detector_rows: "(0, -1, 0)",
      detector_columns: "(-1, 0, 0)",
    });
    expect(provenance.conversions.join("\n")).toMatch(/turned round[\s\S]*moved by/);
  });

  it("what is stated wins: a file whose writer meant the probe", () => {
    const [sample, probe] = [read(), read({}, { positionsAre: "probe" })].map(({ positions }) => positions);
    for (let k = 0; k < 4; k++)
      for (const axis of [0, 1])
        expect(probe[2 * k + axis] - probe[axis]).toBeCloseTo(sample[axis] - sample[2 * k + axis], 9);
  });

  it("takes the mean of dark frames off, unless that is said otherwise", () => {
    const dark = real(
      [2, side, side],
      Float64Array.from({ length: 2 * side * side }, (_, i) => (i % 2) * 2e-3 + (i < side * side ? 0 : 1e-3)),
    );
    const written = { more: { [`${detector}/data_dark`]: dark } };
    const [plain, less] = [new Float32Array(side * side), new Float32Array(side * side)];
    read(written, { background: 0 }).patterns.read([1], plain);
    const dataset = read(written);
    dataset.patterns.read([1], less);
    for (const [i, value] of plain.entries())
      expect(Math.abs(less[i] - Math.max(0, value - (i % 2) * 2e-3 - 5e-4))).toBeLessThan(1e-5 * Math.max(...plain));
    expect(dataset.provenance.warnings.join()).toMatch(/data_dark are taken off.*`background=0`/);
  });

  it("the mask's bits: 0 and 0x1000 alone are valid", () => {
    const bits = new Float64Array(side * side);
    bits.set([0, 1, 2, 4, 8, 0x10, 0x80, 0x1000, 0x1001]);
    const mask: NpyArray = { shape: [side, side], dtype: "uint32", data: Uint32Array.from(bits) };
    const dataset = read({ more: { [`${detector}/mask`]: mask } });
    expect([...dataset.mask!.data.slice(0, 10)]).toEqual([1, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
    expect(dataset.provenance.conversions.join()).toMatch(/2 invalid, 1 saturated, 1 hot, 1 dead, 1 shadowed, 1 bad/);
  });

  it("the mask the other way round, where somebody wrote it so", () => {
    const values = Uint8Array.from({ length: side * side }, (_, i) => (i === 3 || i === 5 ? 0 : 1));
    const more = { [`${detector}/mask`]: { shape: [side, side], dtype: "uint8", data: values } as NpyArray };
    const masked = (options: ScanOptions): number => read({ more }, options).mask!.data.filter((v) => v === 0).length;
    expect(masked({ maskValid: 1 })).toBe(2);
    // 0 is what stands for a valid pixel there anyhow.
    expect(masked({ maskValid: 0 })).toBe(side * side - 2);
    const bits = { [`${detector}/mask`]: { shape: [side, side], dtype: "uint8", data: values.map((v) => 1 - v) } };
    const asFormat = (options: ScanOptions): number[] =>
      [...read({ more: bits as Record<string, NpyArray> }, options).mask!.data.keys()].filter(
        (i) => read({ more: bits as Record<string, NpyArray> }, options).mask!.data[i] === 0,
      );
    expect(asFormat({})).toEqual([3, 5]);
    expect(asFormat({ maskValid: 0 })).toEqual([3, 5]);
  });

  describe("an image of the sample", () => {
    const image = (shape: readonly number[], more: Readonly<Record<string, NpyArray>> = {}) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      const data = { "entry_1/image_1/data": complex([...shape], new Float32Array(2 * size).fill(1)) };
      const { object, provenance } = read({ more: { ...data, ...more } });
      return { object: object?.shape, said: [...provenance.conversions, ...provenance.warnings].join() };
    };
    const centre = (x: number, y: number) => ({ "entry_1/image_1/image_center": real([3], [x, y, 0]) });

    it("is the object, whose middle is where positions count from", () => {
      for (const more of [{}, centre(20, 15)]) {
        const { object, said } = image([30, 40], more);
        expect(object).toEqual([30, 40]);
        expect(said).toMatch(/image_1\/data taken as the object/);
        expect(said).not.toMatch(/left out/);
      }
    });

    it.each([
      [
        "in Fourier order",
        [30, 40],
        { ...centre(20, 15), "entry_1/image_1/is_fft_shifted": scalar(1) },
        /Fourier order/,
      ],
      ["of another middle", [30, 40], centre(3, 4), /its middle \(20, 15\), and image_center is \(3, 4\)/],
      ["of several", [3, 30, 40], centre(20, 15), /complex64 \(3, 30, 40\) is no object/],
    ] as const)("%s is left out, once, with a word", (_, shape, more, why) => {
      const { object, said } = image(shape, more);
      expect(object).toBeUndefined();
      expect(said).toMatch(why);
      expect(said.split("image_1").length).toBe(2);
    });
  });

  it("a mask of each frame takes what is bad in any", () => {
    const data = new Uint32Array(moved.length * side * side);
    data[3] = 8;
    data[side * side + 5] = 1;
    const mask: NpyArray = { shape: [moved.length, side, side], dtype: "uint32", data };
    const valid = read({ more: { [`${detector}/mask`]: mask } }).mask!.data;
    expect([...valid.keys()].filter((i) => valid[i] === 0)).toEqual([3, 5]);
  });

  it("tells what it leaves alone: dark frames of another size, a beam beside the middle, an energy that is none", () => {
    const dark = real([side, side + 1], new Float64Array(side * (side + 1)));
    const more = {
      [`${detector}/data_dark`]: dark,
      [`${detector}/beam_center_x`]: scalar(5),
      [`${detector}/beam_center_y`]: scalar(8),
      "entry_1/instrument_1/source_1/energy": scalar(710),
    };
    const { warnings = [], geometry } = scanParts(cxi({ more }), {}, "scan.cxi").parts;
    expect(geometry.energyKev).toBeUndefined();
    expect(warnings.join("\n")).toMatch(/710 J[\s\S]*`energy_kev`[\s\S]*\(8\.0, 5\.0\)[\s\S]*do not fit/);
  });

  it("what is stated of the experiment wins over the file's, with both numbers", () => {
    const { geometry, provenance } = read({}, { geometry: { energyKev: 9, detectorDistanceM: distance } });
    expect((geometry?.wavelengthM ?? 0) * 1e10).toBeCloseTo(1.3776, 4);
    expect(provenance.warnings.join()).toMatch(/the file says `energy_kev=10\.33\d*`; `energy_kev=9`/);
    expect(read({}, { geometry: { wavelengthM: 1.001 * wavelength } }).provenance.warnings).toEqual([]);
    const near = scanParts(cxi({}), { geometry: { voltageKv: 300 } }, "scan.cxi").parts;
    expect([near.geometry.energyKev, near.geometry.radiation]).toEqual([undefined, undefined]);
  });

  it("says where energy and wavelength differ, and which is used", () => {
    const key = "entry_1/instrument_1/source_1/wavelength";
    expect(read({ more: { [key]: scalar(1.001 * wavelength) } }).provenance.warnings).toEqual([]);
    const { geometry, provenance } = read({ more: { [key]: scalar(2 * wavelength) } });
    expect(geometry?.wavelengthM).toBeCloseTo(wavelength, 17);
    expect(provenance.warnings.join()).toMatch(/2\.4 Å in the file and 1\.2 Å by the energy/);
  });

  it("refuses what has two pixel sizes, bad axes, or translations of another shape", () => {
    const refusal = (more: Readonly<Record<string, NpyArray>>) => () => read({ more });
    expect(refusal({ [`${detector}/y_pixel_size`]: scalar(2 * pixel) })).toThrow(/not square/);
    expect(refusal({ [`${detector}/basis_vectors`]: real([2, 3], [1, 0, 0, 1, 0, 0]) })).toThrow(/right angles/);
    expect(refusal({ [`${detector}/basis_vectors`]: real([2, 3], [0, -1, 0, 0, 0, -1]) })).toThrow(/face the beam/);
    expect(refusal({ "entry_1/data_1/translation": real([4, 4], new Float64Array(16)) })).toThrow(
      /`positions=FILE::ARRAY`/,
    );
  });
});
