import { PtychonautError, setting } from "../../errors.ts";
import type { PositionsPart } from "../parts.ts";
import { firstKey, lengthAt, metresIn, type Reading, textOf } from "./quantities.ts";

/**
 * Where a detector's rows and columns go in the laboratory: right-handed, z along the beam, y up, so that x points left for
 * who looks downstream.
 */
export interface DetectorAxes {
  /** Unit vectors of the axes along which row and column numbers grow. */
  readonly slow: Vector;
  readonly fast: Vector;
  /** Metres. */
  readonly pixelM?: number;
  /** For the provenance: what says it. */
  readonly from: string;
}

export type Vector = readonly [x: number, y: number, z: number];

/** What is usual: rows go down, columns go right for who looks downstream. */
const usualAxes: Pick<DetectorAxes, "slow" | "fast"> = { slow: [0, -1, 0], fast: [-1, 0, 0] };

/** Two sides of a detector's pixels may differ by as much: they are written in float32. */
const SQUARE = 1e-4;
const AGREEMENT = 0.01;
/** Cosine between the detector's normal and the beam; a detector that faces it less makes no pattern of forward scattering. */
const LEAST_FACING = 0.5;

/**
 * By CXI's `basis_vectors` in a detector's group, rows (2, 3) or columns (3, 2), slow axis first, else as is usual with the
 * pixel's sizes.
 * @throws PtychonautError "data" for pixels that are not square
 */
export function detectorAxes(reading: Reading, detectors: readonly string[]): DetectorAxes {
  const { file, where, warnings } = reading;
  const at = (name: string): string[] => detectors.map((group) => `${group}/${name}`);
  const [y, x] = [lengthAt(reading, at("y_pixel_size")), lengthAt(reading, at("x_pixel_size"))];
  const stated = square(y, x, `${where}: x_pixel_size, y_pixel_size`);
  const key = firstKey(file, at("basis_vectors"));
  if (key === undefined) {
    const from = "not in the file: rows go down, columns right for who looks downstream";
    return { ...usualAxes, ...(stated === undefined ? {} : { pixelM: stated }), from };
  }
  const axes = axesIn(reading, key);
  const { pixelM } = axes;
  if (stated !== undefined && Math.abs(stated - pixelM) > AGREEMENT * pixelM)
    warnings.push(
      `pixels of ${stated} m by x_pixel_size and y_pixel_size, of ${pixelM} m by ${key}: the latter are used`,
    );
  return axes;
}

/**
 * The axes that an array has, rows (2, 3) or columns (3, 2), slow axis first, each as long as a pixel in metres.
 * @throws PtychonautError "data" for pixels that are not square
 */
export function axesIn(reading: Reading, key: string): DetectorAxes & { readonly pixelM: number } {
  const [slow, fast] = basisVectors(reading, key);
  const pixelM = square(length(slow), length(fast), `${reading.where}: ${key}`) as number;
  return { slow: unit(slow), fast: unit(fast), pixelM, from: key };
}

function basisVectors({ file, where }: Reading, key: string): readonly [Vector, Vector] {
  const { shape, dtype, data } = file.readNumbers(key);
  const rows = shape.join() === "2,3";
  const usable =
    (rows || shape.join() === "3,2") && !dtype.startsWith("complex") && data.every((value) => Number.isFinite(value));
  const vector = (k: number): Vector =>
    rows ? [data[3 * k], data[3 * k + 1], data[3 * k + 2]] : [data[k], data[2 + k], data[4 + k]];
  const [slow, fast] = usable
    ? [vector(0), vector(1)]
    : ([
        [0, 0, 0],
        [0, 0, 0],
      ] as const);
  const size = length(slow) * length(fast);
  const cosine = dot(slow, fast) / size;
  const right = usable && size > 0 && Math.abs(cosine) < AGREEMENT;
  const facing = right && Math.abs(slow[0] * fast[1] - slow[1] * fast[0]) > LEAST_FACING * size;
  if (facing) return [slow, fast];
  const what = right
    ? "the detector does not face the beam, which goes along z"
    : "the detector's axes are not two directions at right angles";
  throw new PtychonautError("data", what, {
    where: `${where}: ${key}`,
    expected: "(2, 3) rows or (3, 2) columns, metres, of the slow and the fast axis",
    got: usable ? `[${slow.join(", ")}], [${fast.join(", ")}]` : `${dtype} (${shape.join(", ")})`,
    fix: "correct this array in the file; without it rows go down and columns right for who looks downstream",
  });
}

/** One number for two sides. @throws PtychonautError "data" where they differ */
function square(y: number | undefined, x: number | undefined, where: string): number | undefined {
  const [first, second] = [y ?? x, x ?? y];
  if (first === undefined || second === undefined || Math.abs(first - second) <= SQUARE * first) return first;
  throw new PtychonautError("data", "the detector's pixels are not square", {
    where,
    expected: "one size: object pixels are square",
    got: `${first} m along y, ${second} m along x`,
    fix: "resample the patterns to square pixels",
  });
}

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const length = (a: Vector): number => Math.hypot(...a);
const unit = (a: Vector): Vector => a.map((value) => value / length(a)) as unknown as Vector;

/** For people: "(0, -1, 0)". */
export const shownVector = (vector: Vector): string =>
  `(${vector.map((value) => Number(value.toFixed(6))).join(", ")})`;

/**
 * Movements in the laboratory, metres, as (y, x) of the detector's rows and columns: the object's rows and columns are
 * parallel to them, since the wave that leaves the object at an angle arrives in that direction.
 */
export function alongAxes(
  axes: DetectorAxes,
  keys: readonly string[],
  count: number,
  movements: () => { readonly data: ArrayLike<number>; readonly axes: number },
): PositionsPart {
  return {
    keys,
    count,
    read() {
      const { data, axes: width } = movements();
      const out = new Float64Array(2 * count);
      for (let k = 0; k < count; k++) {
        const movement: Vector = [data[width * k], data[width * k + 1], width > 2 ? data[width * k + 2] : 0];
        out[2 * k] = dot(movement, axes.slow);
        out[2 * k + 1] = dot(movement, axes.fast);
      }
      return out;
    },
    conversions: [
      `${keys.join(", ")} taken along the detector's rows ${shownVector(axes.slow)} and columns ${shownVector(axes.fast)}: ` +
        axes.from,
    ],
  };
}

/** `[frame, 3]` or `[frame, 2]` of movements (x, y, z), with or without a unit: metres. */
export function translations(reading: Reading, key: string, axes: DetectorAxes): PositionsPart {
  const { file, where } = reading;
  const { shape, dtype } = file.header(key);
  const width = shape.at(-1) as number;
  if (shape.length < 2 || (width !== 3 && width !== 2) || !/^(u?int|float)/.test(dtype))
    throw new PtychonautError("data", "translations are not (x, y, z) of each frame", {
      where: `${where}: ${key}`,
      expected: "real numbers (frame, 3)",
      got: `${dtype} (${shape.join(", ")})`,
      fix: `name other positions: ${setting("positions", "FILE::ARRAY")}`,
    });
  const count = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const scale = metresOf(reading, key);
  return alongAxes(axes, [key], count, () => ({
    data: Float64Array.from(file.readNumbers(key).data, (value) => value * scale),
    axes: width,
  }));
}

/** Metres in the unit that an array's attribute states. */
export function metresOf({ file, where, conversions }: Reading, key: string): number {
  const unitName = textOf(file.attributes(key)["units"]);
  if (unitName === undefined || unitName.trim() === "") return 1;
  const scale = metresIn(unitName, `${where}: ${key}`);
  if (scale !== 1) conversions.push(`${key} converted from ${unitName} to metres`);
  return scale;
}
