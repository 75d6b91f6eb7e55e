import { PtychonautError } from "../../src/errors.ts";
import type { ArrayFile } from "../../src/formats/arrayFile.ts";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { inspectScan } from "../../src/scans/inspect/inspectScan.ts";
import { readScanArrays } from "../../src/scans/registry.ts";
import type { Elsewhere } from "../../src/scans/scanFormat.ts";

/**
 * What dialects of HDF5 hold, in archives whose members are changed with right lengths and checksums, so that it is their
 * readers that meet the change. An attribute is a member of the name `path@attribute`.
 */

const side = 8;
const frames = 4;
const counts = (count: number): NpyArray => ({
  shape: [count, side, side],
  dtype: "uint16",
  data: Uint16Array.from({ length: count * side * side }, (_, i) => i % 11),
});
const real = (shape: readonly number[], data: readonly number[]): NpyArray => ({
  shape,
  dtype: "float64",
  data: Float64Array.from(data),
});
const number = (value: number): NpyArray => real([], [value]);
const text = (value: string): NpyArray => ({ shape: [], dtype: "string", data: [value] });
const ones = (...shape: number[]): NpyArray => ({
  shape,
  dtype: "complex64",
  data: new Float32Array(2 * shape.reduce((product, extent) => product * extent, 1)).fill(1),
});
const steps = (count: number, scale: number): number[] =>
  Array.from({ length: count }, (_, i) => scale * ((5 * i) % 7));
const mask: NpyArray = { shape: [side, side], dtype: "uint32", data: new Uint32Array(side * side) };

const detector = "entry_1/instrument_1/detector_1";
const cxi: Record<string, NpyArray> = {
  cxi_version: number(160),
  "entry_1/data_1/data": counts(frames),
  "entry_1/data_1/translation": real([frames, 3], steps(12, 1e-7)),
  [`${detector}/basis_vectors`]: real([3, 2], [0, -5e-5, -5e-5, 0, 0, 0]),
  [`${detector}/distance`]: number(2),
  [`${detector}/mask`]: mask,
  [`${detector}/beam_center_x`]: number(3),
  [`${detector}/beam_center_y`]: number(4),
  "entry_1/instrument_1/source_1/energy": number(2e-15),
  "entry_1/instrument_1/source_1/illumination": ones(side, side),
  "entry_1/image_1/data": ones(20, 20),
  "entry_1/image_1/image_center": real([3], [10, 10, 0]),
};
const nexus: Record<string, NpyArray> = {
  "entry/definition": text("NXptycho"),
  "entry/instrument_1/detector_1/data": { ...counts(frames), shape: [2, 2, side, side] } as NpyArray,
  "entry/instrument_1/detector_1/x_pixel_size": number(55),
  "entry/instrument_1/detector_1/x_pixel_size@units": text("um"),
  "entry/instrument_1/detector_1/distance": number(1.5),
  "entry/instrument_1/detector_1/distance@units": text("m"),
  "entry/instrument_1/beam_1/incident_beam_energy": number(9),
  "entry/instrument_1/beam_1/incident_beam_energy@units": text("keV"),
  "entry/sample_1/transformations/x": real([2, 2], steps(4, 1e-7)),
  "entry/sample_1/transformations/y": real([2, 2], steps(4, 2e-7)),
  "entry/sample_1/transformations/x@vector": real([3], [1, 0, 0]),
};
const ptyd: Record<string, NpyArray> = {
  "meta/num_frames": number(frames),
  "meta/energy": number(6.2),
  "meta/distance": number(7),
  "meta/psize": real([2], [1.7e-4, 1.7e-4]),
  "meta/center": real([2], [4, 4]),
  "meta/propagation": text("farfield"),
  "chunks/0/data": counts(3),
  "chunks/0/positions": real([3, 2], steps(6, 1e-7)),
  "chunks/0/weights": { ...counts(3), data: new Uint16Array(3 * side * side).fill(1) } as NpyArray,
  "chunks/1/data": counts(1),
  "chunks/1/positions": real([1, 2], steps(2, 1e-7)),
};
const ptyr: Record<string, NpyArray> = {
  "content/obj/SMFG00/data": ones(1, 20, 22),
  "content/obj/SMFG00/_psize": real([2], [1e-7, 1e-7]),
  "content/obj/SMFG00/_origin": real([2], [-1e-6, -1e-6]),
  "content/obj/SMFG00/_center": real([2], [10, 10]),
  "content/obj/SMFG00/_energy": number(6.2),
  "content/probe/SMFG00/data": ones(2, side, side),
  "content/positions/SMFG00": real([frames, 2], steps(8, 1e-7)),
  "content/pars/scans/MF/data/distance": number(7),
};
const product: Record<string, NpyArray> = {
  dp: counts(frames),
  probe_position_indexes: real([frames], [0, 2, 1, 3]),
  probe_position_x_m: real([frames], steps(frames, 1e-7)),
  probe_position_y_m: real([frames], steps(frames, 2e-7)),
  probe: ones(2, 1, side, side),
  opr_weights: real([frames, 2], steps(8, 1)),
  object: ones(1, 20, 20),
  "object@pixel_width_m": number(1e-7),
  "object@pixel_height_m": number(1e-7),
  "object@center_x_m": number(0),
  "@probe_energy_eV": number(8000),
  "@detector_object_distance_m": number(2),
  bad_pixels: { shape: [side, side], dtype: "bool", data: new Uint8Array(side * side) },
};
const eiger: Record<string, NpyArray> = {
  "entry/data/data_000001": counts(3),
  "entry/data/data_000002": counts(1),
  "entry/instrument/detector/detector_distance": number(2),
  "entry/instrument/detector/x_pixel_size": number(7.5e-5),
  "entry/instrument/detector/bit_depth_image": number(16),
  "entry/instrument/detector/detectorSpecific/pixel_mask": mask,
  "entry/instrument/beam/incident_wavelength": number(1.2),
};
const hxn: Record<string, NpyArray> = {
  diffamp: real([frames, side, side], steps(frames * side * side, 1)),
  points: real([2, frames], steps(8, 0.1)),
  ccd_pixel_um: number(55),
  lambda_nm: number(0.14),
  z_m: number(0.5),
  angle: number(3),
};
const hxnRaw: Record<string, NpyArray> = {
  "diff_data/merlin1/det_images": counts(frames),
  "scan/scan_positions": real([2, frames], steps(8, 0.1)),
  "scan/energy": number(9),
};
const lcls: Record<string, NpyArray> = {
  "jungfrau1M/image_img": counts(frames),
  "lmc/ch03": real([frames], steps(frames, 1)),
  "lmc/ch05": real([frames], steps(frames, 2)),
  "ipm2/sum": real([frames], [1, 2, 0, 1]),
};
const exchange: Record<string, NpyArray> = { "exchange/data": counts(frames), "exchange/data_dark": counts(1) };

export const dialects = (): Uint8Array[] =>
  [cxi, nexus, ptyd, ptyr, product, eiger, hxn, hxnRaw, lcls, exchange].map((arrays) => writeNpz(arrays));

const array = (value: NpyArray): Elsewhere["patterns"] => [
  { file: openNpz(writeNpz({ array: value }), "other"), key: "array", where: "other" },
];
const known: Elsewhere = { probeFile: array(ones(side, side)) ?? [] };
const patterns: Elsewhere = { patterns: array(counts(frames)) ?? [] };
const more: Elsewhere = { ...known, positions: array(real([frames, 2], steps(8, 3))) ?? [] };

/** As a scan, with what is missing from elsewhere, and as `inspect` sees it. */
export function readDialect(bytes: Uint8Array): void {
  const file = withAttributes(openNpz(bytes, "fuzz"));
  const refusals: unknown[] = [];
  for (const elsewhere of [known, more, patterns])
    try {
      readScanArrays(file, elsewhere !== more ? {} : { positionOrder: "yx" }, { path: "fuzz", elsewhere });
    } catch (error) {
      if (!(error instanceof PtychonautError)) throw error;
      refusals.push(error);
    }
  inspectScan(file, {}, "fuzz");
  if (refusals.length === 3) throw refusals[0];
}

function withAttributes(npz: ArrayFile): ArrayFile {
  const known = new Map<string, Readonly<Record<string, NpyArray>>>();
  const attributes = (key = ""): Readonly<Record<string, NpyArray>> => {
    const own = npz.keys.filter((name) => name.startsWith(`${key}@`));
    const found = known.get(key) ?? Object.fromEntries(own.map((name) => [name.slice(key.length + 1), npz.read(name)]));
    known.set(key, found);
    return found;
  };
  return { ...npz, container: "HDF5", keys: npz.keys.filter((key) => !key.includes("@")), attributes };
}
