import { describe, expect, it } from "vitest";
import { PtychonautError } from "../../../src/errors.ts";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { recogniseReconstruction } from "../../../src/reconstructions/registry.ts";
import type { ScanParts } from "../../../src/scans/parts.ts";
import { scanFormats } from "../../../src/scans/registry.ts";
import { complex, fileOf, float32, real, scalar, text } from "./handMade.ts";

/** Every number of a geometry that any format reads, planted with what none can be: it is refused or said, never used. */

const [n, N] = [3, 8];
const frames = float32([n, N, N], new Float32Array(n * N * N).fill(1));
const probe = complex([1, N, N], new Float32Array(2 * N * N).fill(1));
const pairs = real([n, 2], [0, 1, 2, 3, 4, 6]);
const column = (factor = 1): NpyArray => real([n], [0, factor, 3 * factor]);

interface Case {
  readonly format: string;
  readonly arrays: Readonly<Record<string, NpyArray>>;
  /** Arrays, or attributes of the file, of one number each, sound as they are. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly attributes?: Readonly<Record<string, Readonly<Record<string, NpyArray>>>>;
  /** Whether zero stands for what is not known there. */
  readonly zeroIsOpen?: boolean;
  readonly container?: string;
  /** Whether numbers stand twice in their arrays. */
  readonly pairs?: boolean;
}

const entry = "entry_1/instrument_1";
const cases: readonly Case[] = [
  {
    format: "named",
    arrays: { diffraction: frames, xcoords: column(), ycoords: column(), probeGuess: probe },
    numbers: { energy_kev: 8, detector_distance_m: 2, detector_pixel_m: 1e-4, object_pixel_m: 3.9e-7 },
  },
  {
    format: "cxi",
    arrays: {
      cxi_version: scalar(160),
      "entry_1/data_1/data": frames,
      "entry_1/data_1/translation": real([n, 3], new Array(9).fill(0)),
    },
    numbers: {
      [`${entry}/source_1/energy`]: 1.3e-15,
      [`${entry}/detector_1/distance`]: 2,
      [`${entry}/detector_1/x_pixel_size`]: 1e-4,
      [`${entry}/detector_1/y_pixel_size`]: 1e-4,
    },
  },
  {
    format: "cxi",
    arrays: { cxi_version: scalar(160), "entry_1/data_1/data": frames },
    numbers: { [`${entry}/source_1/wavelength`]: 1.5e-10 },
  },
  {
    format: "ptyd",
    arrays: { "chunks/0/data": frames, "chunks/0/positions": pairs },
    numbers: { "meta/energy": 8, "meta/distance": 2, "meta/psize": 1e-4 },
  },
  {
    format: "product",
    arrays: { dp: frames, probe },
    numbers: {
      probe_energy_eV: 8000,
      detector_object_distance_m: 2,
      probe_pixel_width_m: 1e-8,
      probe_pixel_height_m: 1e-8,
      probe_photon_count: 1e5,
    },
    zeroIsOpen: true,
  },
  {
    format: "ptylab",
    arrays: { ptychogram: frames, encoder: pairs },
    numbers: { wavelength: 5e-7, zo: 0.05, dxd: 5e-6 },
  },
  {
    format: "fold_slice",
    arrays: { dp: frames, ppX: column(1e-8), ppY: column(1e-8) },
    numbers: { lambda: 1.4e-10, dx: 2e-8 },
  },
  {
    format: "ptyrad",
    arrays: {
      "optimizable_tensors/probe": probe,
      "optimizable_tensors/probe_pos_shifts": pairs,
      "model_attributes/crop_pos": pairs,
    },
    numbers: { "model_attributes/dx": 0.15, "model_attributes/lambd": 0.025 },
  },
  {
    format: "cdtools",
    arrays: {
      basis: real([3, 2], [0, -1e-8, -1e-8, 0, 0, 0]),
      translation: real([n, 3], new Array(9).fill(0)),
      probe,
      obj: complex([20, 20], new Float32Array(800).fill(1)),
    },
    numbers: { wavelength: 2e-9 },
  },
  {
    format: "eiger",
    arrays: { "entry/data/data": frames },
    numbers: {
      "entry/instrument/beam/incident_wavelength": 1.2,
      "entry/instrument/detector/detector_distance": 2,
      "entry/instrument/detector/x_pixel_size": 7.5e-5,
      "entry/instrument/detector/y_pixel_size": 7.5e-5,
    },
  },
  {
    format: "eiger",
    arrays: { "entry/data/data": frames },
    numbers: { "entry/instrument/beam/incident_energy": 8000 },
  },
  {
    format: "hxn",
    arrays: { diffamp: frames, points: real([2, n], new Array(6).fill(1)) },
    numbers: { ccd_pixel_um: 55, lambda_nm: 0.14, z_m: 0.5 },
  },
  {
    format: "emd",
    arrays: {
      "root/cube/data": float32([2, 2, N, N], new Float32Array(4 * N * N).fill(1)),
      "root/metadatabundle/calibration/Q_pixel_units": text("A^-1"),
      "root/metadatabundle/calibration/R_pixel_units": text("A"),
    },
    attributes: { root: { emd_group_type: text("root") }, "root/cube": { emd_group_type: text("array") } },
    numbers: {
      "root/metadatabundle/calibration/Q_pixel_size": 0.5,
      "root/metadatabundle/calibration/R_pixel_size": 0.4,
      "root/metadatabundle/calibration/accelerating_voltage": 300,
      "root/metadatabundle/calibration/convergence_semiangle_mrad": 20,
    },
  },
  {
    format: "fold_slice_result",
    arrays: {
      object: complex([8, 9], new Float32Array(144).fill(1)),
      probe: complex([N, N], new Float32Array(2 * N * N).fill(1)),
      "outputs/probe_positions": real([2, n], new Array(6).fill(0)),
    },
    numbers: { "p/lambda": 1.4e-10, "p/dx_spec": 2e-8, "p/z": 2, "p/ds": 7.5e-5 },
  },
  {
    format: "ptyr",
    arrays: { "content/probe/S0/data": probe },
    numbers: {
      "content/probe/S0/_energy": 8,
      "content/pars/scans/a/data/distance": 2,
      "content/pars/scans/a/data/psize": 1e-4,
    },
  },
  {
    format: "ptyr",
    arrays: { "content/obj/S0/data": probe, "content/obj/S0/_origin": real([2], [0, 0]) },
    numbers: { "content/obj/S0/_psize": 1e-8 },
    pairs: true,
  },
  {
    format: "nx_ptycho",
    arrays: { "entry_1/definition": text("NXcxi_ptycho"), "entry_1/data_1/data": frames },
    numbers: {
      [`${entry}/beam_1/incident_beam_energy`]: 1.3e-15,
      [`${entry}/detector_1/distance`]: 2,
      [`${entry}/detector_1/x_pixel_size`]: 1e-4,
      [`${entry}/detector_1/y_pixel_size`]: 1e-4,
    },
  },
  {
    format: "nx_ptycho",
    arrays: { "entry_1/definition": text("NXptycho"), "entry_1/data_1/data": frames },
    numbers: { [`${entry}/beam_1/incident_wavelength`]: 1.5e-10 },
  },
  {
    format: "hxn_raw",
    arrays: { "diff_data/merlin1/det_images": frames, "scan/scan_positions": real([2, n], new Array(6).fill(1)) },
    numbers: { "scan/energy": 8.8 },
  },
  {
    format: "data_exchange",
    arrays: { "exchange/data": frames },
    numbers: { "measurement/instrument/monochromator/energy": 8.8 },
  },
  {
    format: "stem_arrays",
    arrays: { patterns: float32([2, 2, N, N], new Float32Array(4 * N * N).fill(1)) },
    numbers: { voltage_kV: 300, scan_step_A: 0.4, semiangle_mrad: 20, object_pixel_A: 0.2 },
  },
  {
    format: "frames",
    container: "EMPAD",
    arrays: { frames },
    attributes: {},
    numbers: { voltage_kv: 300, detector_pixel_rad: 5e-4 },
  },
  {
    format: "frames",
    container: "EMPAD",
    arrays: { frames: float32([4, N, N], new Float32Array(4 * N * N).fill(1)) },
    attributes: { "": { scan_shape: real([2], [2, 2]) } },
    numbers: { voltage_kv: 300, scan_step_m: 1e-10 },
    pairs: true,
  },
];

function partsOf(
  { format, arrays, numbers, attributes, container = "HDF5", pairs: twice = false }: Case,
  planted: Readonly<Record<string, number>>,
): ScanParts {
  const values = Object.entries({ ...numbers, ...planted }).map(
    ([name, value]) => [name, twice ? real([2], [value, value]) : scalar(value)] as const,
  );
  // Of a detector's frames they are attributes of the file.
  const own = container === "HDF5" ? {} : { "": { ...attributes?.[""], ...Object.fromEntries(values) } };
  const all = container === "HDF5" ? { ...arrays, ...Object.fromEntries(values) } : arrays;
  const file = { ...fileOf(all, { ...attributes, ...own }), container };
  const found = scanFormats.find(({ name }) => name === format);
  if (found === undefined) throw new Error(`no format ${format}`);
  return found.parts(file, {}, "scan");
}

const said = (parts: ScanParts): string => [...(parts.warnings ?? []), ...(parts.conversions ?? [])].join("\n");

describe.each(cases.map((one) => [`${one.format}: ${Object.keys(one.numbers).join(", ")}`, one] as const))(
  "%s",
  (_, one) => {
    it("are used where they are sound, without a word", () => {
      expect(Object.keys(partsOf(one, {}).geometry).length).toBeGreaterThan(0);
      expect(said(partsOf(one, {}))).not.toMatch(/above zero/);
    });

    const bad = [-1, Number.NaN, Number.POSITIVE_INFINITY, 0];
    it.each(Object.keys(one.numbers).flatMap((name) => bad.map((value) => [name, value] as const)))(
      "%s of %s is refused or said, and is no part of the geometry",
      (name, value) => {
        const short = name.replace(/^.*\//, "");
        let parts: ScanParts;
        try {
          parts = partsOf(one, { [name]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(PtychonautError);
          expect(String(error)).toContain(short);
          return;
        }
        const lines = said(parts)
          .split("\n")
          .filter((line) => line.includes(name));
        const open = value === 0 && one.zeroIsOpen === true;
        expect(lines.join("\n")).toMatch(open ? /is 0: not known/ : /was ignored/);
        for (const number of [...Object.values(parts.geometry), ...(parts.raster?.stepM ?? [])])
          if (typeof number === "number") expect(number > 0 && Number.isFinite(number)).toBe(true);
      },
    );
  },
);

/** Reconstructions have the side of a pixel. */
describe.each<[string, (size: number) => Record<string, NpyArray>]>([
  [
    "npz",
    (size) => ({
      object: complex([4, 4], new Float32Array(32).fill(1)),
      coverage: float32([4, 4], new Float32Array(16).fill(1)),
      positions: real([0, 2], []),
      origin: real([2], [0, 0]),
      pixel_size_m: scalar(size),
    }),
  ],
  [
    "cxi",
    (size) => ({
      "entry_1/image_1/data": complex([4, 4], new Float32Array(32).fill(1)),
      "entry_1/image_1/image_size": real([3], [4 * size, 4 * size, 0]),
    }),
  ],
  [
    "ptyr",
    (size) => ({
      "content/obj/S/data": complex([1, 4, 4], new Float32Array(32).fill(1)),
      "content/obj/S/_psize": real([2], [size, size]),
    }),
  ],
  [
    "product",
    (size) => ({
      object: complex([1, 4, 4], new Float32Array(32).fill(1)),
      object_pixel_height_m: scalar(size),
      object_pixel_width_m: scalar(size),
      probe_position_x_m: real([1], [0]),
      probe_position_y_m: real([1], [0]),
    }),
  ],
])("the pixel of a reconstruction: %s", (name, arrays) => {
  const found = (size: number) => recogniseReconstruction(fileOf(arrays(size)))?.format.read(fileOf(arrays(size)), "r");

  it("is read where it is one", () => {
    expect(found(2e-8)?.pixelSizeM).toBe(2e-8);
    expect(found(2e-8)?.warnings).toBeUndefined();
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 0])("of %s is refused or said", (size) => {
    if (name === "npz") return expect(() => found(size)).toThrow(/pixel_size_m.*above 0/);
    expect(found(size)?.pixelSizeM).toBeUndefined();
    // Theirs is zero where it is not known.
    if (name === "product" && size === 0) return expect(found(size)?.warnings).toBeUndefined();
    return expect(found(size)?.warnings?.join()).toMatch(/(image_size|_psize|pixel_height_m).*was ignored/);
  });
});

it("every format whose files have such numbers is among them", () => {
  const without = ["tike", "lcls"];
  const names = scanFormats.map(({ name }) => name);
  expect(names.filter((name) => !cases.some(({ format }) => format === name)).sort()).toEqual([...without].sort());
});
