import { sizeOf } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "./arrayFile.ts";
import type { ByteSource } from "./byteSource.ts";
import { type DmGroup, type DmValue, dmTags, isDmArray, isDmGroup } from "./dmTags.ts";
import { itemSizes, type ListedArray, listedArrays, numbers, storedArray, words } from "./listedArrays.ts";
import type { NpyArray, NumericDtype } from "./npy.ts";

/** What the numbers of an image are, by Digital Micrograph's own number; 23 is colours, as thumbnails are. */
const dtypes: Readonly<Record<number, NumericDtype>> = {
  ...{ 1: "int16", 2: "float32", 3: "complex64", 6: "uint8", 7: "int32", 9: "int8", 10: "uint16", 11: "uint32" },
  ...{ 12: "float64", 13: "complex128", 14: "bool", 39: "int64", 40: "uint64" },
};

/** Version 3 or 4, a length of 4 or 8 bytes, and the byte order as 0 or 1. */
export function isDm(head: Uint8Array): boolean {
  const order = head[3] === 3 ? 11 : head[3] === 4 ? 15 : 0;
  return (
    order > 0 &&
    order < head.length &&
    head.subarray(0, 3).every((byte) => byte === 0) &&
    head.subarray(order - 3, order).every((byte) => byte === 0) &&
    head[order] <= 1
  );
}

/**
 * Opens the images of a Digital Micrograph file, DM3 or DM4, of two to four axes.
 *
 * Keys: `data`, the largest image, and `image_N` for others by their place in the file; thumbnails are left out. Shapes are
 * slowest axis first. What the microscope calls 4D in its own order is (rows, columns, y, x); where a file has the scan's
 * axes as its fastest ones, shape is (y, x, frame) and the array's attribute `frame_axis` says so.
 *
 * Attributes of an image: `scale`, `origin` and `units`, one for each axis of the file, slowest first. Of the file, where it
 * says them: `scan_shape` (rows, columns), `scan_step_m` and, by the axes' unit, `detector_pixel_rad` or `detector_pixel_per_m` (y, x), `voltage_kv`, `exposure_s`,
 * `camera_length_m`, `magnification`, `name`.
 * @throws PtychonautError "data": damaged, cut off, no image
 */
export function openDm(source: ByteSource, where: string): ArrayFile {
  const { root, littleEndian } = dmTags(source, where);
  const list = group(root, "ImageList");
  const found = Object.values(list).flatMap((image, index) => {
    const listed = isDmGroup(image) ? imageOf(image, index, { source, littleEndian, where }) : undefined;
    return listed === undefined ? [] : [listed];
  });
  const largest = found.reduce<Image | undefined>(
    (best, image) => (best === undefined || sizeOf(image.shape) > sizeOf(best.shape) ? image : best),
    undefined,
  );
  if (largest === undefined)
    throw new PtychonautError("data", "no image in the Digital Micrograph file", {
      where,
      expected: "numbers, not colours",
    });
  const arrays = new Map(
    [largest, ...found.filter((image) => image !== largest)].map((image) => [
      image === largest ? "data" : `image_${image.index}`,
      image.array,
    ]),
  );
  return listedArrays({ container: "Digital Micrograph", arrays, attributes: attributesOf(largest), where });
}

interface Image {
  readonly index: number;
  /** Of the file, slowest axis first. */
  readonly shape: readonly number[];
  /** Of the axes, slowest first. */
  readonly axes: readonly Axis[];
  /** Whether the scan's axes are the fastest ones. */
  readonly scanFastest: boolean;
  readonly array: ListedArray;
  readonly tags: DmGroup;
  readonly name: string;
}

interface Axis {
  readonly scale: number;
  readonly origin: number;
  readonly unit: string;
}

interface Place {
  readonly source: ByteSource;
  readonly littleEndian: boolean;
  readonly where: string;
}

function imageOf(image: DmGroup, index: number, { source, littleEndian, where }: Place): Image | undefined {
  const about = group(image, "ImageData");
  const data = about["Data"];
  const dtype = dtypes[numberOf(about["DataType"])];
  const dims = Object.values(group(about, "Dimensions")).map((extent) => numberOf(extent));
  if (data === undefined || !isDmArray(data) || dtype === undefined || dims.length === 0) return undefined;
  const bytes = sizeOf(dims) * itemSizes[dtype];
  if (!dims.every((extent) => Number.isInteger(extent) && extent > 0) || bytes !== data.bytes)
    throw new PtychonautError("data", "the numbers of an image do not fit its axes", {
      where: `${where}: image ${index}`,
      expected: `${bytes} bytes for ${dims.join(" × ")} of ${dtype}`,
      got: `${data.bytes} bytes`,
    });
  const tags = group(image, "ImageTags");
  const shape = [...dims].reverse();
  const scanFastest = shape.length === 4 && numberOf(group(tags, "Meta Data")["Data Order Swapped"], 0) === 0;
  const axes = Object.values(group(group(about, "Calibrations"), "Dimension"))
    .map(axisOf)
    .slice(0, dims.length)
    .reverse();
  const own = scanFastest ? [shape[0], shape[1], shape[2] * shape[3]] : shape;
  const header = { shape: own, dtype, fortranOrder: false, littleEndian, itemSize: itemSizes[dtype], dataBytes: bytes };
  return {
    ...{ index, shape, axes, scanFastest, tags, name: textOf(image["Name"]) },
    array: storedArray(source, data.offset, header, {
      ...(axes.length === 0
        ? {}
        : {
            scale: numbers(...axes.map(({ scale }) => scale)),
            origin: numbers(...axes.map(({ origin }) => origin)),
            units: words(...axes.map(({ unit }) => unit)),
          }),
      ...(scanFastest ? { frame_axis: words("last") } : {}),
    }),
  };
}

const axisOf = (tag: DmValue): Axis => {
  const about = isDmGroup(tag) ? tag : {};
  return { scale: numberOf(about["Scale"], 1), origin: numberOf(about["Origin"], 0), unit: textOf(about["Units"]) };
};

function attributesOf({ shape, axes, scanFastest, tags, name }: Image): Readonly<Record<string, NpyArray>> {
  const info = group(tags, "Microscope Info");
  const volts = numberOf(info["Voltage"], 0);
  const length = numberOf(info["STEM Camera Length"], 0);
  const exposure =
    numberOf(group(group(group(tags, "DataBar"), "Acquisition"), "Parameters")["Exposure (s)"], 0) ||
    numberOf(group(tags, "DataBar")["Exposure Time (s)"], 0);
  const raster = shape.length === 4 ? (scanFastest ? [2, 3] : [0, 1]) : undefined;
  const detector = raster === undefined ? [shape.length - 2, shape.length - 1] : scanFastest ? [0, 1] : [2, 3];
  const steps = raster?.map((axis) => metres(axes[axis]));
  const pixels = detector.map((axis) => axes[axis]);
  const positive: Readonly<Record<string, readonly (number | undefined)[]>> = {
    scan_step_m: steps ?? [undefined],
    detector_pixel_rad: pixels.map(radians),
    detector_pixel_per_m: pixels.map(perMetre),
    voltage_kv: [volts / 1000],
    exposure_s: [exposure],
    camera_length_m: [length / 1000],
    magnification: [numberOf(info["Indicated Magnification"], 0)],
  };
  const known = Object.entries(positive).flatMap(([key, values]) =>
    values.every((value) => value !== undefined && value > 0 && Number.isFinite(value))
      ? [[key, numbers(...(values as number[]))] as const]
      : [],
  );
  return {
    ...(raster === undefined ? {} : { scan_shape: numbers(...raster.map((axis) => shape[axis])) }),
    ...Object.fromEntries(known),
    ...(name === "" ? {} : { name: words(name) }),
  };
}

const lengths: Readonly<Record<string, number>> = {
  m: 1,
  mm: 1e-3,
  µm: 1e-6,
  μm: 1e-6,
  um: 1e-6,
  nm: 1e-9,
  Å: 1e-10,
  A: 1e-10,
  pm: 1e-12,
};
const angles: Readonly<Record<string, number>> = { rad: 1, mrad: 1e-3, µrad: 1e-6, μrad: 1e-6 };

const frequencies: Readonly<Record<string, number>> = {
  ...{ "1/m": 1, "1/µm": 1e6, "1/μm": 1e6, "1/nm": 1e9, "1/Å": 1e10, "1/A": 1e10, "1/pm": 1e12 },
};

const metres = (axis: Axis | undefined): number | undefined => scaled(axis, lengths);
const radians = (axis: Axis | undefined): number | undefined => scaled(axis, angles);
const perMetre = (axis: Axis | undefined): number | undefined => scaled(axis, frequencies);

function scaled(axis: Axis | undefined, units: Readonly<Record<string, number>>): number | undefined {
  const unit = axis === undefined ? undefined : units[axis.unit.trim()];
  return axis === undefined || unit === undefined ? undefined : Math.abs(axis.scale) * unit;
}

function group(tags: DmGroup, name: string): DmGroup {
  const value = Object.hasOwn(tags, name) ? tags[name] : undefined;
  return value !== undefined && isDmGroup(value) ? value : {};
}

const numberOf = (value: DmValue | undefined, otherwise = Number.NaN): number =>
  value === undefined ? otherwise : typeof value === "number" ? value : Number.NaN;

const textOf = (value: DmValue | undefined): string => (typeof value === "string" ? value : "");
