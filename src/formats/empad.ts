import { PtychonautError, setting } from "../errors.ts";
import type { ArrayFile } from "./arrayFile.ts";
import type { ByteSource } from "./byteSource.ts";
import { frameStack, stridedFrames } from "./frameStack.ts";
import { listedArrays, numbers, words } from "./listedArrays.ts";
import type { Neighbours } from "./neighbours.ts";
import type { NpyArray } from "./npy.ts";
import { bareName, countOf, numberIn, sidecarText, withEnding } from "./sidecar.ts";
import { isOfKnownKind } from "./signatures.ts";
import { xmlFields } from "./xmlFields.ts";

/** Pixels of a frame, and what each takes with the two rows that are no picture. */
const [SIDE, ROWS] = [128, 130];
const SIZE = 4 * SIDE * SIDE;
const STRIDE = 4 * SIDE * ROWS;

/**
 * Whether a file is to be opened as EMPAD's raw frames, by its name, or is the XML file that describes them. Opening looks at
 * the size: of a file that was cut off it says what is missing.
 */
export function isEmpad(head: Uint8Array, { name, size }: { readonly name: string; readonly size: number }): boolean {
  return isDescription(head) || (/\.raw$/i.test(name) && size > 0 && !isOfKnownKind(head));
}

/** As in `scan_x256_y128.raw`. */
function namedShape(name: string): readonly [rows: number, columns: number] | undefined {
  const named = /_x(\d+)_y(\d+)/i.exec(bareName(name));
  const [rows, columns] = [countOf(named?.[2]), countOf(named?.[1])];
  return rows === undefined || columns === undefined ? undefined : [rows, columns];
}

const isDescription = (head: Uint8Array): boolean => {
  const text = new TextDecoder("latin1").decode(head);
  return /^\s*(ï»¿)?\s*</.test(text) && /<raw_file\s|<camserver_parameters>|<reconstructions\s/.test(text);
};

/**
 * Opens the raw frames of an EMPAD detector: float32, little-endian, 130 rows of 128, of which the last two are no picture;
 * or 128 rows alone, where only these fit the file's size. The scan's shape comes from the XML file of the same name (or from
 * that which was opened and names the frames), or from a name like `scan_x256_y128.raw`.
 *
 * Key: `frames` [frame, y, x]. Attributes of the file, where they are known: `scan_shape` (rows, columns), `voltage_kv`,
 * `detector_pixel_rad`, `scan_rotation_rad`, `camera_length_m`, `scan_field_of_view_m` (y, x; of the microscope's full scan,
 * which need not be the detector's), `scan_field_factor` (that of version 1.2), `scan_size` (the part of it), `time`, `warnings`.
 * @throws PtychonautError "data": a size that is no whole number of frames where no XML file says that these are EMPAD's, no
 *   file of frames beside the XML
 */
export async function openEmpad(source: ByteSource, where: string, neighbours: Neighbours): Promise<ArrayFile> {
  if (isDescription(source.read(0, Math.min(source.size, 2056)))) {
    const description = describe(sidecarText(source, where), where);
    const name = bareName(description.file ?? "");
    const raw = name === "" ? undefined : await neighbours.open(name);
    if (raw === undefined)
      throw new PtychonautError("data", "the file of EMPAD's frames is not beside the XML file that names it", {
        where,
        expected: `a file "${name}" in the same folder`,
        fix: "put the two into one folder, or open the .raw file",
      });
    return framesOf(raw, `${where}: ${name}`, description);
  }
  const xml = await neighbours.open(withEnding(where, ".xml"));
  const shape = namedShape(where);
  if (xml === undefined) checkSize(source.size, shape, where);
  return framesOf(source, where, {
    ...(shape === undefined ? {} : { shape }),
    ...(xml === undefined ? {} : describe(sidecarText(xml, where), where)),
  });
}

interface Description {
  readonly file?: string;
  readonly shape?: readonly [rows: number, columns: number];
  readonly attributes?: Readonly<Record<string, NpyArray>>;
}

/** Frames without their last two rows are as long as those of other detectors: only a name with the scan's shape tells them. */
function checkSize(size: number, shape: Description["shape"], where: string): void {
  const frames = (shape?.[0] ?? 0) * (shape?.[1] ?? 0);
  if (size % STRIDE === 0 || size === frames * SIZE) return;
  throw new PtychonautError("data", "the file is no whole number of EMPAD's frames", {
    where,
    expected:
      shape === undefined
        ? `a multiple of ${STRIDE} bytes, ${ROWS} rows of ${SIDE} numbers in float32`
        : `${frames * STRIDE} bytes for the ${shape.join(" × ")} frames of ${ROWS} rows that the name says, or ${frames * SIZE} for ${SIDE} rows`,
    got: bytesText(size),
    fix: "copy the file again if it is EMPAD's; beside its XML file the whole frames are read. Of another detector save the frames as an NPY or an NPZ, for instance with numpy.fromfile and numpy.savez",
  });
}

const bytesText = (size: number, stride: number = STRIDE): string =>
  `${size} bytes: ${Math.floor(size / stride)} whole frames of ${stride} and ${size % stride} more`;

function framesOf(source: ByteSource, where: string, { shape, attributes = {} }: Description): ArrayFile {
  // Both fit some sizes: frames as the detector writes them are the rule.
  const whole = shape === undefined ? undefined : shape[0] * shape[1];
  const packed =
    whole === undefined ? source.size % STRIDE !== 0 && source.size % SIZE === 0 : source.size === whole * SIZE;
  const stride = packed ? SIZE : STRIDE;
  const count = Math.floor(source.size / stride);
  const warnings = [
    ...(source.size % stride === 0
      ? []
      : [`the last frame is cut off, and left out: ${bytesText(source.size, stride)}; copy the file again`]),
    ...(whole === undefined || whole === count
      ? []
      : [
          `${count} frames, but a scan of ${shape?.join(" × ")} = ${whole} positions, whose frames take ${whole * stride} bytes; ` +
            `of a part of the scan state its raster: ${setting("scan_shape")}`,
        ]),
  ];
  if (count === 0)
    throw new PtychonautError("data", "no EMPAD frame in the file", {
      where,
      expected: `${STRIDE} bytes a frame`,
      got: `${source.size} bytes`,
    });
  checkFloats(source.read(0, Math.min(SIZE, source.size)), where);
  const stack = frameStack({
    shape: [count, SIDE, SIDE],
    dtype: "float32",
    place: { source, key: "frames" },
    frames: (first, some) => stridedFrames({ source, offset: 0, stride, size: SIZE }, first, some),
  });
  return listedArrays({
    container: "EMPAD",
    arrays: new Map([["frames", packed ? { ...stack, storedAt: { source, offset: 0 } } : stack]]),
    attributes: {
      ...(shape === undefined ? {} : { scan_shape: numbers(...shape) }),
      ...attributes,
      ...(warnings.length === 0 ? {} : { warnings: words(...warnings) }),
    },
    where,
  });
}

/** Counts of a detector in float32 are of some size; other bytes taken for floats are of all sizes. */
function checkFloats(bytes: Uint8Array, where: string): void {
  const values = new Float32Array(bytes.slice().buffer);
  const sensible = values.filter((value) => value === 0 || (Math.abs(value) > 1e-9 && Math.abs(value) < 1e12)).length;
  if (sensible >= 0.9 * values.length) return;
  throw new PtychonautError("data", "these are no frames of EMPAD, whose size they have", {
    where,
    expected: "counts in float32, little-endian",
    got: `${values.length - sensible} of ${values.length} numbers of the first frame are of no such size`,
    fix: "save the frames as an NPY or an NPZ, for instance with numpy.fromfile and numpy.savez",
  });
}

function describe(text: string, where: string): Description {
  const fields = xmlFields(text, where);
  const named = (end: string): string | undefined => [...fields].find(([key]) => key.endsWith(`/${end}`))?.[1];
  // There may be settings of a search beside those of the acquisition.
  const scan = (name: string): string | undefined =>
    named(`scan_parameters[acquire]/${name}`) ?? named(`scan_parameters/${name}`);
  const rows = countOf(named("pix_y") ?? scan("scan_resolution_y"));
  const columns = countOf(named("pix_x") ?? scan("scan_resolution_x"));
  const series = countOf(scan("series_count"));
  // Version 1.2 of the detector's program has other names than those before.
  const field = "full_scan_field_of_view";
  const view = /^\s*\[([^,\]]*),([^,\]]*)\]\s*$/.exec(named("optics.get_full_scan_field_of_view") ?? "");
  const [viewX, viewY] = [numberIn(view?.[1] ?? named(`${field}/x`)), numberIn(view?.[2] ?? named(`${field}/y`))];
  const volts = numberIn(named("source.get_voltage") ?? named("high_voltage"));
  const values: Readonly<Record<string, readonly (number | undefined)[]>> = {
    voltage_kv: [volts === undefined ? undefined : volts / 1000],
    detector_pixel_rad: [numberIn(named("calibrated_diffraction_angle"))],
    scan_rotation_rad: [numberIn(named("column.get_scanrotation") ?? named("scan_rotation"))],
    camera_length_m: [numberIn(named("optics.get_cameralength") ?? named("nominal_camera_length"))],
    scan_field_of_view_m: [viewY, viewX],
    scan_field_factor: [numberIn(named(`${field}/scale_factor`))],
    scan_size: [numberIn(scan("scan_size"))],
  };
  const known = Object.entries(values).flatMap(([key, parts]) => {
    const found = parts.filter((part) => part !== undefined);
    return found.length === parts.length ? [[key, numbers(...found)] as const] : [];
  });
  const time = named("timestamp@isoformat");
  const file = named("raw_file@filename");
  return {
    ...(file === undefined ? {} : { file }),
    // A series of frames is no raster.
    ...(series !== undefined || rows === undefined || columns === undefined ? {} : { shape: [rows, columns] as const }),
    attributes: { ...Object.fromEntries(known), ...(time === undefined ? {} : { time: words(time) }) },
  };
}
