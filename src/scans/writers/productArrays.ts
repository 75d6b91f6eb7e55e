import type { ComplexArray } from "../../arrays.ts";
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
  /** Absent where there is none. */
  readonly probe?: NumericArray;
  /** `[layer, y, x]`; absent where there is none. */
  readonly object?: NumericArray;
  /** Of the object's middle, (x, y), as Ptychodus counts: half the side is the middle, whether it is even or odd. */
  readonly centre: readonly [x: number, y: number];
  readonly pixelM: number;
}

/** What a product is made of. */
export interface ProductSource {
  readonly name: string;
  /** `[frame, 2]` as (y, x): window centres in pixels of the object, whose first is 0; of free origin without one. */
  readonly positions: Float64Array;
  readonly pixelM: number;
  /** Of the windows. */
  readonly side: readonly number[];
  readonly object?: ComplexArray;
  readonly probe?: ComplexArray;
  readonly wavelengthM?: number | undefined;
  readonly detectorDistanceM?: number | undefined;
  readonly photonsPerPattern?: number | undefined;
}

export function productOf(scan: Omit<FramesToWrite, "frames">, history: readonly string[]): Product {
  const { wavelengthM, detectorDistanceM, objectPixelM } = scan.geometry as Required<Geometry>;
  const source = { ...scan, wavelengthM, detectorDistanceM, pixelM: objectPixelM, side: scan.shape.slice(1) };
  return productFrom(source, history);
}

/**
 * What is not known is 0.
 * @param history goes into the comments
 */
export function productFrom(source: ProductSource, history: readonly string[]): Product {
  const { name, object, probe, side, pixelM, wavelengthM } = source;
  const { y, x } = positionsInMetres(source, pixelM);
  const indexes = numbers(
    Array.from(y, (_, k) => k),
    [y.length],
    "int64",
  );
  // Where the middle is half a side, both of the object and of the window.
  const centreAlong = (axis: number): number => (((object?.shape[axis] ?? 0) % 2) - (side[axis] % 2)) * (pixelM / 2);
  return {
    texts: { name, comments: history.join("\n") },
    values: {
      detector_object_distance_m: source.detectorDistanceM ?? 0,
      probe_energy_eV: wavelengthM === undefined ? 0 : 1e3 * energyFromWavelength(wavelengthM),
      exposure_time_s: 0,
      mass_attenuation_m2_kg: 0,
      probe_photon_count: source.photonsPerPattern ?? 0,
    },
    positions: {
      probe_position_indexes: indexes,
      probe_position_x_m: numbers(x),
      probe_position_y_m: numbers(y),
    },
    ...(probe === undefined ? {} : { probe: { ...probe, dtype: "complex64" } }),
    ...(object === undefined ? {} : { object: { shape: [1, ...object.shape], data: object.data, dtype: "complex64" } }),
    centre: [centreAlong(1), centreAlong(0)],
    pixelM,
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
      probe: probe && array({ ...probe, shape: probeShape }, pixel),
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
    ...(probe === undefined ? {} : { probe }),
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
