import { sizeOf } from "../../arrays.ts";
import { PtychonautError, setting } from "../../errors.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { GeometryStatement } from "../../optics/geometry.ts";
import { arrayPart, hasRank } from "../arrayParts.ts";
import type { ArrayPart, PositionsPart, ScanParts } from "../parts.ts";
import type { ScanFormat } from "../scanFormat.ts";
import { firstEntry } from "./firstEntry.ts";
import { firstKey, firstStack, numberIn, numberOf, positiveOrOpen, type Reading, readingOf } from "./quantities.ts";

const [X, Y, INDEXES] = ["probe_position_x_m", "probe_position_y_m", "probe_position_indexes"] as const;

/**
 * Ptychodus' products, in HDF5 and NPZ, and the pairs `*_dp.hdf5`, `*_para.hdf5` of pty-chi and others, which have the same
 * names: counts `dp` or `patterns` with the zero frequency in the middle; where the probe is in the object's frame,
 * `probe_position_x_m`, `probe_position_y_m`; `probe` ([[orthogonal,] mode,] y, x); `object` (layer, y, x) with the place of
 * its middle and the sides of its pixels.
 */
export const productFormat: ScanFormat = {
  name: "product",
  title: "Ptychodus' products, and pairs *_dp, *_para",
  recognise(file) {
    if (file.has(X) && file.has(Y)) return { confidence: 1, evidence: `${X}, ${Y}` };
    const dp = hasRank(file, "dp", 3, 4) && !file.has("ppX");
    if (dp) return { confidence: 0.7, evidence: "dp, and no positions" };
    if (hasRank(file, "patterns", 3) && file.has("indexes")) return { confidence: 0.7, evidence: "patterns, indexes" };
    return { confidence: 0, evidence: `no ${X}` };
  },
  parts,
};

function parts(file: ArrayFile, _: unknown, where: string): ScanParts {
  const reading = readingOf(file, where);
  const { conversions, warnings } = reading;
  const patterns = firstStack(file, ["dp", "patterns"]);
  const object = objectOf(reading);
  const probePixel = pixelOf(reading, "probe");
  const objectPixelM = object?.pixel ?? probePixel;
  if (object !== undefined && probePixel !== undefined && !agree(object.pixel, probePixel))
    warnings.push(`the object's pixel is ${object.pixel} m and the probe's ${probePixel} m: the former is used`);
  const [energy, distance, photons] = ["probe_energy_eV", "detector_object_distance_m", "probe_photon_count"].map(
    (name) => positiveOrOpen(reading, name, numberIn(reading, name)),
  );
  const geometry: GeometryStatement = {
    ...(energy === undefined ? {} : { energyKev: energy / 1e3, radiation: "photons" }),
    ...(distance === undefined ? {} : { detectorDistanceM: distance }),
    ...(objectPixelM === undefined ? {} : { objectPixelM }),
  };
  const side = (patterns ?? firstKey(file, ["probe"])) as string | undefined;
  const sides = side === undefined ? [0, 0] : file.header(side).shape.slice(-2);
  const positions = file.has(X) && file.has(Y) ? positionsOf(reading, patterns, object, sides) : undefined;
  const layers = object === undefined ? 1 : object.layers;
  if (layers > 1) warnings.push(`the object has ${layers} layers and is left out: a thin one is expected`);
  return {
    ...(patterns === undefined ? {} : { patterns: { file, key: patterns } }),
    ...(positions === undefined ? {} : { positions }),
    ...(file.has("probe") ? { probe: probeOf(reading) } : {}),
    ...(object === undefined || layers > 1 ? {} : { object: arrayPart(file, "object") }),
    ...(file.has("bad_pixels") ? { mask: arrayPart(file, "bad_pixels") } : {}),
    geometry,
    ...(photons === undefined ? {} : { photonsPerPattern: photons }),
    says: {
      measurement: "counts",
      dcAt: "center",
      frameAxis: "first",
      positionUnit: "m",
      positionsAre: "probe",
      positionOrigin: object === undefined ? "centered" : "absolute",
      ...(file.has("bad_pixels") ? { maskValid: 0 } : {}),
    },
    conversions,
    warnings,
  };
}

/** Two sides of a pixel, or the pixels of probe and object, may differ by as much. */
const AGREEMENT = 0.01;
const agree = (a: number, b: number): boolean => Math.abs(a - b) <= AGREEMENT * Math.max(a, b);

/** Of the probe or the object, as an attribute or, in NPZ, an array. Zero stands for what is not known. */
function pixelOf(reading: Reading, of: "probe" | "object"): number | undefined {
  const { where } = reading;
  const [height, width] = ["height", "width"].map((side) => {
    const name = `pixel_${side}_m`;
    return positiveOrOpen(reading, `${of}_${name}`, said(reading, of, name));
  });
  const [y, x] = [height ?? width, width ?? height];
  if (y === undefined || x === undefined) return undefined;
  if (agree(y, x)) return x;
  throw new PtychonautError("data", `the ${of}'s pixels are not square`, {
    where,
    expected: "one size: object pixels are square",
    got: `pixel_height_m ${y}, pixel_width_m ${x}`,
    fix: "resample the patterns to square pixels",
  });
}

const said = (reading: Reading, of: string, name: string): number | undefined =>
  (reading.file.has(of) ? numberOf(reading.file.attributes(of)[name]) : undefined) ??
  numberIn(reading, `${of}_${name}`);

interface PlacedObject {
  readonly layers: number;
  readonly shape: readonly number[];
  /** Metres. */
  readonly pixel: number;
  /** Of its middle, (y, x), metres. */
  readonly centre: readonly [number, number];
}

function objectOf(reading: Reading): PlacedObject | undefined {
  const { file, warnings } = reading;
  if (!hasRank(file, "object", 2, 3)) return undefined;
  const pixel = pixelOf(reading, "object");
  if (pixel === undefined) {
    warnings.push("object is left out: the size of its pixels (pixel_height_m, pixel_width_m) is not in the file");
    return undefined;
  }
  const { shape } = file.header("object");
  const [y, x] = ["center_y_m", "center_x_m"].map((name) => said(reading, "object", name) ?? 0);
  return { layers: sizeOf(shape.slice(0, -2)), shape: shape.slice(-2), pixel, centre: [y, x] };
}

/** Orthogonal probes, which vary from frame to frame, come first. */
function probeOf({ file, warnings }: Reading): ArrayPart {
  const { shape } = file.header("probe");
  const weights = file.has("opr_weights")
    ? file.header("opr_weights").shape
    : file.attributes("probe")["opr_weights"]?.shape;
  const variable = Math.max(shape.length === 4 ? shape[0] : 1, weights?.at(-1) ?? 1);
  if (variable > 1)
    warnings.push(
      `the probe varies from frame to frame, by ${variable} orthogonal probes with weights (OPR): training does not use them, ` +
        "the first is taken for all frames",
    );
  return shape.length === 4 ? firstEntry(file, "probe") : arrayPart(file, "probe");
}

/**
 * `(x − center_x) / dx + W / 2` is where a window of N pixels has its middle, which is N / 2: index floor(N / 2) is half a
 * pixel before it where N is odd. Without an object metres stay what they are.
 */
function positionsOf(
  reading: Reading,
  patterns: string | undefined,
  object: PlacedObject | undefined,
  sides: readonly number[],
): PositionsPart {
  const { file, conversions } = reading;
  const order = frameOrder(reading, patterns);
  const count = order?.length ?? sizeOf(file.header(Y).shape);
  const offset = [0, 1].map((axis) => {
    if (object === undefined) return 0;
    const middle = object.shape[axis] / 2 - (sides[axis] % 2) / 2;
    return middle * object.pixel - object.centre[axis];
  });
  if (object !== undefined)
    conversions.push(
      `positions counted from the object's middle, half its side (${object.shape.map((n) => n / 2).join(", ")}), which is at ` +
        `(y, x) = (${object.centre.join(", ")}) m`,
    );
  return {
    keys: [X, Y],
    count,
    read() {
      const columns = [file.readNumbers(Y).data, file.readNumbers(X).data];
      const out = new Float64Array(2 * count);
      for (let k = 0; k < count; k++)
        for (const axis of [0, 1]) out[2 * k + axis] = columns[axis][order?.[k] ?? k] + offset[axis];
      // A pattern without a position: NaN, which reading names.
      return order === undefined ? out : out.map((value, i) => (order[i >> 1] < 0 ? Number.NaN : value));
    },
  };
}

/** Of each pattern the number of its position, −1 where it has none; undefined where they are in the same order. */
function frameOrder(
  { file, where, conversions, warnings }: Reading,
  patterns: string | undefined,
): Int32Array | undefined {
  if (patterns === undefined || !file.has(INDEXES)) return undefined;
  const ofPositions = file.readNumbers(INDEXES).data;
  const count = sizeOf(file.header(patterns).shape.slice(0, -2));
  const ofPatterns = file.has("indexes")
    ? file.readNumbers("indexes").data
    : Float64Array.from({ length: count }, (_, k) => k);
  const positions = sizeOf(file.header(Y).shape);
  if (ofPositions.length !== positions || ofPatterns.length !== count)
    throw new PtychonautError("data", "indexes do not fit what they number", {
      where: `${where}: ${INDEXES}`,
      expected: `${positions} of positions, ${count} of patterns`,
      got: `${ofPositions.length}, ${ofPatterns.length}`,
      fix: `correct them, or name positions in the order of the patterns: ${setting("positions", "FILE::x,y")}`,
    });
  if (positions === count && ofPatterns.every((index, k) => index === ofPositions[k])) return undefined;
  const at = new Map(Array.from(ofPositions, (index, k) => [index, k]));
  const order = Int32Array.from(ofPatterns, (index) => at.get(index) ?? -1);
  const used = order.filter((k) => k >= 0).length;
  if (used === 0) return undefined;
  conversions.push(`positions put in the order of the patterns by ${INDEXES}`);
  if (used < positions) warnings.push(`${positions - used} positions have no pattern and were left out`);
  return order;
}
