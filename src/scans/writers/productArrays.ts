import { array, group, type Hdf5Attributes, type Hdf5Group, numbers } from "../../formats/hdf5/tree.ts";
import type { NpyArray, NumericArray } from "../../formats/npy.ts";
import type { Geometry } from "../../optics/geometry.ts";
import { energyFromWavelength } from "../../optics/units.ts";
import type { FramesToWrite } from "./framesToWrite.ts";
import { positionsInMetres } from "./metres.ts";
import type { GeometryNeed, ScanPart } from "./scanContent.ts";

/** What a product of Ptychodus holds of a scan beside its patterns. */
export const productHolds: readonly ScanPart[] = [
  ...(["positions", "probe", "object", "photonsPerPattern"] as const),
  ...(["wavelengthM", "detectorDistanceM", "objectPixelM"] as const),
];

export const productNeeds: readonly GeometryNeed[] = ["wavelengthM", "detectorDistanceM", "objectPixelM"];

/** What a product says once, with the names that it has in both of its containers. */
export interface Product {
  readonly texts: Readonly<Record<"name" | "comments", string>>;
  readonly values: Readonly<Record<string, number>>;
  readonly positions: Readonly<Record<string, NumericArray>>;
  readonly probe: NumericArray;
  /** `[layer, y, x]`; absent where there is none. */
  readonly object?: NumericArray;
  /** Of the object's middle, (x, y), as Ptychodus counts: half the side is the middle, whether it is even or odd. */
  readonly centre: readonly [x: number, y: number];
  readonly pixelM: number;
}

/**
 * @param history goes into the comments
 */
export function productOf(scan: Omit<FramesToWrite, "frames">, history: readonly string[]): Product {
  const { wavelengthM, detectorDistanceM, objectPixelM } = scan.geometry as Required<Geometry>;
  const { y, x } = positionsInMetres(scan, objectPixelM);
  const { object, probe, shape } = scan;
  const indexes = numbers(
    Array.from({ length: shape[0] }, (_, k) => k),
    [shape[0]],
    "int64",
  );
  const odd = (n: number | undefined): number => ((n ?? 0) % 2) / 2;
  return {
    texts: { name: scan.name, comments: history.join("\n") },
    values: {
      detector_object_distance_m: detectorDistanceM,
      probe_energy_eV: 1e3 * energyFromWavelength(wavelengthM),
      exposure_time_s: 0,
      mass_attenuation_m2_kg: 0,
      probe_photon_count: scan.photonsPerPattern ?? 0,
    },
    positions: {
      probe_position_indexes: indexes,
      probe_position_x_m: numbers(x),
      probe_position_y_m: numbers(y),
    },
    probe: { ...probe, dtype: "complex64" },
    ...(object === undefined ? {} : { object: { shape: [1, ...object.shape], data: object.data, dtype: "complex64" } }),
    centre: [
      (odd(object?.shape[1]) - odd(shape[2])) * objectPixelM,
      (odd(object?.shape[0]) - odd(shape[1])) * objectPixelM,
    ],
    pixelM: objectPixelM,
  };
}

/** Whoever reads a product asks for an object. */
export const productLacks = ({ object }: Omit<FramesToWrite, "frames">): string[] =>
  object === undefined
    ? ["there is no object in this scan, and programs that read such files ask for one: give them a flat one"]
    : [];

/** As HDF5. @param probeShape of the probe as it is written */
export function productTree(product: Product, probeShape: readonly number[]): Hdf5Group {
  const { texts, values, positions, probe, object, centre, pixelM } = product;
  const pixel: Hdf5Attributes = { pixel_width_m: pixelM, pixel_height_m: pixelM };
  return group(
    {
      ...Object.fromEntries(Object.entries(positions).map(([name, value]) => [name, array(value)])),
      probe: array({ ...probe, shape: probeShape }, pixel),
      object: object && array(object, { ...pixel, center_x_m: centre[0], center_y_m: centre[1] }),
      ...Object.fromEntries(
        ["object_layer_spacing_m", "loss_epochs", "loss_values"].map((name) => [name, array(NONE)]),
      ),
    },
    { ...texts, ...values },
  );
}

/** As arrays of an NPZ. */
export function productNpz(product: Product): Record<string, NpyArray> {
  const { texts, values, positions, probe, object, centre, pixelM } = product;
  const scalar = (value: number): NumericArray => numbers([value], []);
  return {
    ...Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, { shape: [], dtype: "string", data: [text] } as const]),
    ),
    ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, scalar(value)])),
    ...positions,
    probe,
    probe_pixel_width_m: scalar(pixelM),
    probe_pixel_height_m: scalar(pixelM),
    ...(object === undefined ? {} : { object }),
    object_center_x_m: scalar(centre[0]),
    object_center_y_m: scalar(centre[1]),
    object_pixel_width_m: scalar(pixelM),
    object_pixel_height_m: scalar(pixelM),
    object_layer_spacing_m: NONE,
    loss_epochs: NONE,
    loss_values: NONE,
  };
}

const NONE: NumericArray = numbers([]);
