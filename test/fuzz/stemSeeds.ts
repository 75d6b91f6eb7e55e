import type { NpyArray } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";

/** What dialects of electron microscopes, of tike, PtyLab and MATLAB hold, as `dialectSeeds.ts` has others. */

const side = 8;
const frames = 4;
const real = (shape: readonly number[], scale = 1): NpyArray => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { shape, dtype: "float64", data: Float64Array.from({ length: size }, (_, i) => scale * ((5 * i) % 7)) };
};
const number = (value: number): NpyArray => ({ shape: [], dtype: "float64", data: Float64Array.of(value) });
const text = (value: string): NpyArray => ({ shape: [], dtype: "string", data: [value] });
const counts = (...shape: number[]): NpyArray => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { shape, dtype: "uint16", data: Uint16Array.from({ length: size }, (_, i) => i % 11) };
};
const ones = (...shape: number[]): NpyArray => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { shape, dtype: "complex64", data: new Float32Array(2 * size).fill(1) };
};

const tike: Record<string, NpyArray> = {
  data: counts(2, frames, side, side),
  scan: real([2, frames, 2]),
  probe: ones(2, 1, 1, 2, 5, 5),
  psi: ones(2, 20, 20),
};
const ptylab: Record<string, NpyArray> = {
  ptychogram: counts(frames, side, side),
  encoder: real([2, frames], 1e-6),
  wavelength: number(5e-7),
  zo: number(0.05),
  dxd: number(5e-6),
  entrancePupilDiameter: number(1e-3),
  orientation: number(5),
};
const ptylabResult: Record<string, NpyArray> = {
  object: ones(1, 1, 1, 1, 20, 20),
  probe: ones(1, 1, 2, 1, side, side),
  encoder_corrected: real([frames, 2], 1e-6),
  dxp: number(1e-6),
};
const foldSlice: Record<string, NpyArray> = {
  dp: counts(frames, side, side),
  ppX: real([1, frames], 1e-7),
  ppY: real([1, frames], 2e-7),
  dx: number(1e-8),
  lambda: number(1e-10),
};
const foldSliceResult: Record<string, NpyArray> = {
  object: ones(22, 20),
  probe: ones(2, side, side),
  "outputs/probe_positions": real([2, frames]),
  "p/dx_spec": real([2, 1], 0),
  "p/lambda": number(0.02),
  "p/z": number(1),
};
const ptyrad: Record<string, NpyArray> = {
  "optimizable_tensors/obja": real([1, 1, 20, 20]),
  "optimizable_tensors/objp": real([1, 1, 20, 20], 0.1),
  "optimizable_tensors/probe": ones(2, side, side),
  "optimizable_tensors/probe_pos_shifts": real([frames, 2], 0.1),
  "model_attributes/crop_pos": real([frames, 2]),
  "model_attributes/dx": number(0.2),
  "model_attributes/lambd": number(0.02),
};
const emd: Record<string, NpyArray> = {
  "datacube_root@emd_group_type": text("root"),
  "datacube_root/datacube@emd_group_type": text("array"),
  "datacube_root/datacube/data": counts(2, 2, side, side),
  "datacube_root/datacube/dim0": { shape: [2], dtype: "float64", data: Float64Array.of(0, 3) },
  "datacube_root/datacube/dim0@units": text("A"),
  "datacube_root/datacube/dim1": { shape: [2], dtype: "float64", data: Float64Array.of(0, 3) },
  "datacube_root/datacube/dim1@units": text("A"),
  "datacube_root/metadatabundle/calibration/Q_pixel_size": number(0.5),
  "datacube_root/metadatabundle/calibration/Q_pixel_units": text("A^-1"),
  "datacube_root/metadatabundle/calibration/QR_rotation": number(0.3),
  "datacube_root/metadatabundle/microscope/accelerating_voltage": number(80000),
};
const oldEmd: Record<string, NpyArray> = {
  "4DSTEM_experiment@emd_group_type": number(2),
  "4DSTEM_experiment/data/datacubes/datacube_0/data": counts(2, 2, side, side),
  "4DSTEM_experiment/data/datacubes/datacube_0/dim1": real([2]),
  "4DSTEM_experiment/data/datacubes/datacube_0/dim1@units": text("[n_m]"),
  "4DSTEM_experiment/data/datacubes/datacube_0/dim2": real([2]),
  "4DSTEM_experiment/data/datacubes/datacube_0/dim2@units": text("[n_m]"),
  "4DSTEM_experiment/data/datacubes/datacube_0/dim4": real([side]),
  "4DSTEM_experiment/metadata/metadata_0/calibration@Q_pixel_size": number(4),
  "4DSTEM_experiment/metadata/metadata_0/calibration@Q_pixel_size_units": text("mrad"),
  "4DSTEM_experiment/metadata/metadata_0/microscope@accelerating_voltage": number(200),
};
const stem: Record<string, NpyArray> = {
  dps: counts(2, 2, 16, 16),
  voltage_kV: number(300),
  semiangle_mrad: number(2),
  object_pixel_A: number(2),
  scan_step_A: number(6),
  scan_angle_deg: number(-126),
  defocus_nm: number(-200),
};

export const stemDialects = (): Uint8Array[] =>
  [tike, ptylab, ptylabResult, foldSlice, foldSliceResult, ptyrad, emd, oldEmd, stem].map((arrays) => writeNpz(arrays));
