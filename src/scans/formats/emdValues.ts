import { sizeOf } from "../../arrays.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { NpyArray } from "../../formats/npy.ts";
import { positive, type Reading, textOf } from "./quantities.ts";

/** A step along y and x, in a unit. */
export interface EmdStep {
  readonly values: readonly [y: number, x: number];
  readonly unit: string;
}

/** What an EMD file says of a scan beside its patterns. */
export interface EmdValues {
  readonly scanStep?: EmdStep;
  readonly detectorStep?: EmdStep;
  readonly voltageKv?: number;
  readonly semiAngleMrad?: number;
  /** Counterclockwise of the scan against the detector, with x down the rows: degrees. */
  readonly rotation?: number;
  readonly flipped: boolean;
}

/** @param groups that lead to the array of patterns, from the inside */
export function emdValues(reading: Reading, key: string, groups: readonly string[]): EmdValues {
  const { file, conversions } = reading;
  const places = metadataGroups(file, groups);
  const find = (...names: readonly string[]): Found | undefined => lookUp(reading, places, names);
  const number = (...names: readonly string[]): number | undefined => find(...names)?.numbers?.[0];
  const scanStep = calibration(reading, find("R_pixel_size"), find("R_pixel_units", "R_pixel_size_units"));
  const detectorStep = calibration(reading, find("Q_pixel_size"), find("Q_pixel_units", "Q_pixel_size_units"));
  const voltage = find("accelerating_voltage_kV", "accelerating_voltage", "voltage_kV", "voltage", "beam_energy");
  const voltageKv = inKilovolts(voltage && positiveIn(reading, voltage), voltage?.path ?? "", conversions);
  const semiAngle = find("convergence_semiangle_mrad", "convergence_semiangle");
  const semiAngleMrad = semiAngle && positiveIn(reading, semiAngle);
  const degrees = number("QR_rotation_degrees");
  const inRadians = number("QR_rotation");
  const rotation = degrees ?? (inRadians === undefined ? undefined : (inRadians * 180) / Math.PI);
  const scan = counted(scanStep) ?? counted(dimensionStep(file, key, 0)) ?? scanStep;
  const detector = counted(detectorStep) ?? counted(dimensionStep(file, key, 2)) ?? detectorStep;
  return {
    ...(scan === undefined ? {} : { scanStep: scan }),
    ...(detector === undefined ? {} : { detectorStep: detector }),
    ...(voltageKv === undefined ? {} : { voltageKv }),
    ...(semiAngleMrad === undefined ? {} : { semiAngleMrad }),
    ...(rotation === undefined || rotation === 0 ? {} : { rotation }),
    flipped: (number("QR_flip") ?? 0) !== 0,
  };
}

/** Steps of pixels are what is there before anybody calibrated. */
const counted = (step: EmdStep | undefined): EmdStep | undefined =>
  step === undefined || /^\W*(pixels?|px|unknown|none)?\W*$/i.test(step.unit) ? undefined : step;

interface Found {
  readonly path: string;
  readonly numbers?: readonly number[];
  readonly text?: string;
}

/** Groups that may hold metadata, of the versions: in the tree beside the patterns, or of the file as a whole. */
function metadataGroups(file: ArrayFile, groups: readonly string[]): string[] {
  const below = [
    "metadatabundle/calibration",
    "metadata/metadata_0/calibration",
    "metadata/metadata_0/microscope",
    "metadata/calibration",
    "metadata/microscope",
    "_metadata/calibration",
    "calibration",
    "microscope",
  ];
  const usual = groups.flatMap((group) => [...below.map((name) => (group === "" ? name : `${group}/${name}`)), group]);
  const elsewhere = file.keys.flatMap((key) => (/\/[RQ]_pixel_size$/.test(key) ? [key.replace(/\/[^/]*$/, "")] : []));
  const bundles = file.keys.flatMap((key) => /^(.*metadatabundle\/[^/]+)\//.exec(key)?.[1] ?? []);
  return [...new Set([...usual, ...elsewhere, ...bundles])];
}

const MOST_VALUES = 16;

/** The first of these names in the first group that has one, as an array or as an attribute of the group. */
function lookUp(reading: Reading, groups: readonly string[], names: readonly string[]): Found | undefined {
  const { file } = reading;
  for (const group of groups)
    for (const name of names) {
      const path = group === "" ? name : `${group}/${name}`;
      const array = file.has(path)
        ? sizeOf(file.header(path).shape) <= MOST_VALUES && file.header(path).dtype !== "object"
          ? file.read(path)
          : undefined
        : file.attributes(group)[name];
      const value = array === undefined ? undefined : foundIn(reading, path, array);
      if (value !== undefined) return value;
    }
  return undefined;
}

function foundIn(reading: Reading, path: string, array: NpyArray): Found | undefined {
  if (array.dtype === "string") return { path, text: textOf(array) ?? "" };
  if (array.dtype.startsWith("complex")) return undefined;
  const numbers = Array.from(array.data);
  const odd = numbers.find((value) => !Number.isFinite(value));
  if (odd !== undefined) positive(reading, path, odd);
  return numbers.length === 0 || odd !== undefined ? undefined : { path, numbers };
}

function calibration(reading: Reading, size: Found | undefined, unit: Found | undefined): EmdStep | undefined {
  const [first, second = first] = size?.numbers ?? [];
  const [y, x] = [first, second].map((value) => positive(reading, size?.path ?? "", value));
  if (y === undefined || x === undefined) return undefined;
  return { values: [y, x], unit: unit?.text ?? "pixels" };
}

const positiveIn = (reading: Reading, { path, numbers }: Found): number | undefined =>
  positive(reading, path, numbers?.[0]);

/** Volts where it is a number of thousands. */
function inKilovolts(value: number | undefined, path: string, conversions: string[]): number | undefined {
  if (value === undefined || value < VOLTS) return value;
  conversions.push(`${path}: ${value} taken as volts`);
  return value / 1000;
}

/** No microscope has as many kilovolts, none as few volts. */
const VOLTS = 5000;

/** From the vectors of two axes beside the patterns: all places, or the first two where they are evenly spaced. */
function dimensionStep(file: ArrayFile, key: string, first: 0 | 2): EmdStep | undefined {
  const group = key.replace(/[^/]*$/, "");
  const offset = file.has(`${group}dim4`) && !file.has(`${group}dim0`) ? 1 : 0;
  const keys = [first, first + 1].map((axis) => `${group}dim${axis + offset}`);
  const steps = keys.map((name) => {
    if (!file.has(name)) return undefined;
    const { shape, dtype } = file.header(name);
    if (shape.length !== 1 || shape[0] < 2 || shape[0] > 2 ** 16 || !/^(u?int|float)/.test(dtype)) return undefined;
    const { data } = file.readNumbers(name);
    const step = Math.abs(data[data.length - 1] - data[0]) / (data.length - 1);
    const unit = textOf(file.attributes(name)["units"]);
    return step > 0 && unit !== undefined ? { step, unit } : undefined;
  });
  const [y, x] = steps;
  if (y === undefined || x === undefined || y.unit !== x.unit) return undefined;
  return { values: [y.step, x.step], unit: y.unit };
}
