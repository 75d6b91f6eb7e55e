import { type ComplexArray, sizeOf } from "../arrays.ts";
import { frameRanges, unusedFrames } from "../data/frameRanges.ts";
import { PtychonautError, setting } from "../errors.ts";
import type { ArrayFile, ArrayHeader } from "../formats/arrayFile.ts";
import { namesText } from "../formats/foldedNames.ts";
import type { ArrayAt } from "../formats/joinedArrays.ts";
import { type Geometry, missingForPixel } from "../optics/geometry.ts";
import { requireKey } from "./namedArrays.ts";
import type { PositionsPart } from "./parts.ts";
import { correctedPositions, correctionText, correctsPositions, middleOfScan } from "./prepare/positions.ts";
import { lengthUnits, optionAdvice, type PositionUnit, SCAN_MARGIN, type ScanOptions } from "./scanOptions.ts";

export interface ScanPositions {
  /** `[frame, 2]` as (y, x), window centres in object pixels. */
  readonly positions: Float64Array;
  readonly nominalPositions?: Float64Array;
}

export interface WindowGeometry {
  readonly height: number;
  readonly width: number;
  readonly object: ComplexArray | undefined;
  readonly geometry: Geometry;
  /** Pixels of the patterns as they are in an object pixel of the geometry, (y, x): not 1 where they are made square. */
  readonly perPixel: readonly [y: number, x: number];
  readonly where: string;
}

/**
 * Positions in the project's convention: (y, x), window centre at index floor(N/2), object pixels. What was done to them is
 * appended to `conversions`.
 * @param scanIndex which scan a frame belongs to, where the file says so: frames left out count within one
 * @throws PtychonautError "data": not finite, lengths that differ; "usage": a unit of length without the size of an object
 *   pixel
 */
export function placedPositions(
  part: PositionsPart,
  options: ScanOptions,
  window: WindowGeometry,
  scanIndex: Int32Array | undefined,
  conversions: string[],
): ScanPositions {
  const { where } = window;
  const leftOut = framesLeftOut(scanIndex, options, part.count);
  const positions = checkFinite(part.read(), leftOut, `${where}: ${part.keys.join(", ")}`);
  const nominal = part.nominal && checkFinite(part.nominal(), leftOut, `${where}: nominal positions`);
  conversions.push(...(part.conversions ?? []));
  if (nominal !== undefined && nominal.length !== positions.length)
    throw new PtychonautError("data", "nominal and actual positions differ in number", {
      where,
      expected: `${positions.length / 2}`,
      got: `${nominal.length / 2}`,
    });

  const lists = nominal === undefined ? [positions] : [positions, nominal];
  const perUnit = pixelsPerUnit(options, window.geometry, where);
  const inLengths = (options.positionUnit ?? "px") !== "px";
  // The step of a raster is the same along y and x too.
  if (inLengths || options.scanStep !== undefined)
    for (const list of lists) for (let k = 0; k < list.length; k++) list[k] *= perUnit * window.perPixel[k % 2];
  if (inLengths)
    conversions.push(
      `positions converted from ${options.positionUnit} to object pixels of ${window.geometry.objectPixelM} m`,
    );
  if (options.positionsAre === "sample") {
    for (const list of lists) for (let k = 0; k < list.length; k++) list[k] = -list[k];
    conversions.push("positions of the sample turned round: the probe moves the other way over the object");
  }
  if (correctsPositions(options)) {
    const about = fixedPoint(positions, options, window);
    for (const list of lists) list.set(correctedPositions(list, options, about));
    conversions.push(`positions ${correctionText(options)}`);
  }
  const [dy, dx] = offsetToConvention(positions, options, window, conversions);
  for (const list of lists) {
    for (let k = 0; k < list.length; k += 2) {
      list[k] += dy;
      list[k + 1] += dx;
    }
  }
  return { positions, ...(nominal === undefined ? {} : { nominalPositions: nominal }) };
}

/**
 * Positions by the contract's names, `xcoords` and `ycoords`, else the nominal ones, or in the array of pairs that options
 * name; undefined where there are none of these names.
 * @throws PtychonautError "data" for one column without the other, or an array that is named and not there
 */
export function namedPositions(file: ArrayFile, options: ScanOptions, where: string): PositionsPart | undefined {
  const { positionsKey } = options;
  if (positionsKey !== undefined) {
    requireKey(file, positionsKey, "positions", "positionsKey", where);
    return pairsPart({ file, key: positionsKey }, options, where);
  }
  const nominalOnly = file.has("xcoords_start") && file.has("ycoords_start");
  if (!file.has("xcoords") && !file.has("ycoords"))
    return nominalOnly
      ? {
          ...columnsPart({ file, key: "xcoords_start" }, { file, key: "ycoords_start" }, where),
          conversions: ["positions are the nominal ones, xcoords_start and ycoords_start: the file has no others"],
        }
      : undefined;
  const hasNominal = file.has("xcoords_start") || file.has("ycoords_start");
  return {
    ...columnsPart({ file, key: "xcoords" }, { file, key: "ycoords" }, where),
    ...(hasNominal ? { nominal: () => joined(file, "xcoords_start", "ycoords_start", where) } : {}),
  };
}

/** Two arrays, x and y, one entry a frame each. */
export function columnsPart(x: ArrayAt, y: ArrayAt, where: string): PositionsPart {
  const first = x.file.has(x.key) ? x : y;
  return {
    keys: [x.key, y.key],
    count: sizeOf(first.file.header(first.key).shape),
    read: () => joined(x.file, x.key, y.key, where, y.file),
  };
}

/** One array of pairs, one a frame. @throws PtychonautError "usage" for columns of unknown order; "data" for no pairs */
export function pairsPart({ file, key }: ArrayAt, options: ScanOptions, where: string): PositionsPart {
  const { positionOrder } = options;
  checkPairs(file.header(key), `${where}: ${key}`);
  return {
    keys: [key],
    count: sizeOf(file.header(key).shape) / 2,
    read: () => readPairs(file, key, options, where),
    byOrder: true,
    conversions: [
      `positions from ${key}, ${inColumns(file.header(key).shape) ? "rows" : "columns"} (${[...(positionOrder ?? "")].join(", ")})`,
    ],
  };
}

/** Of positions in a unit of length that cannot be converted, for whoever finds it first. */
export const pixelNeededFor = (unit: PositionUnit): string => `positions in ${unit} need the size of an object pixel`;

/** @throws PtychonautError "usage" for an order of positions that it says nothing of */
export function checkOrder(part: PositionsPart, { positionOrder }: ScanOptions, where: string): void {
  if (positionOrder === undefined || part.byOrder === true) return;
  throw new PtychonautError(
    "usage",
    `${setting("position_order")} has an effect only where nothing else tells y from x`,
    {
      where,
      expected: "pairs in one array, or two arrays in an order",
      got: `positions in ${part.keys.join(", ")}`,
      fix: `leave it out; where y and x are exchanged in the file: ${setting("position_swap")}`,
    },
  );
}

/**
 * Object pixels in one unit of the positions.
 * @throws PtychonautError "usage" for a unit of length where the size of an object pixel is not known
 */
export function pixelsPerUnit({ positionUnit = "px" }: ScanOptions, geometry: Geometry, where: string): number {
  if (positionUnit === "px") return 1;
  const { objectPixelM } = geometry;
  if (objectPixelM !== undefined) return lengthUnits[positionUnit] / objectPixelM;
  throw new PtychonautError("usage", pixelNeededFor(positionUnit), {
    where,
    expected: `${missingForPixel(geometry).join(", ")}, in the file or as settings`,
    fix: `state these, or the pixel itself: ${setting("object_pixel_m")}`,
  });
}

function joined(xFile: ArrayFile, xKey: string, yKey: string, where: string, yFile = xFile): Float64Array {
  const columns = [
    [xFile, xKey],
    [yFile, yKey],
  ] as const;
  const [x, y] = columns.map(([file, key]) => {
    if (!file.has(key))
      throw new PtychonautError("data", `no array "${key}"`, {
        where,
        got: `the arrays ${namesText(file.keys)}`,
        fix: `name one array of positions with ${optionAdvice("positionsKey")} and ${optionAdvice("positionOrder", "yx")}`,
      });
    const { shape, dtype, data } = file.readNumbers(key);
    if (!dtype.startsWith("complex")) return data;
    throw new PtychonautError("data", "positions are complex numbers", {
      where: `${where}: ${key}`,
      expected: "real numbers",
      got: `${dtype} (${shape.join(", ")})`,
      fix: "save their real parts, or y and x in two arrays",
    });
  });
  if (x.length !== y.length)
    throw new PtychonautError("data", `${xKey} and ${yKey} differ in length`, {
      where,
      got: `${x.length} and ${y.length}`,
    });
  const out = new Float64Array(2 * x.length);
  for (let k = 0; k < x.length; k++) {
    out[2 * k] = y[k];
    out[2 * k + 1] = x[k];
  }
  return out;
}

function readPairs(file: ArrayFile, key: string, options: ScanOptions, where: string): Float64Array {
  if (options.positionOrder === undefined)
    throw new PtychonautError("usage", "the order of the two position columns is not stated", {
      where: `${where}: ${key}`,
      fix: `say ${optionAdvice("positionOrder", "yx")} (row, column) or ${optionAdvice("positionOrder", "xy")}`,
    });
  const array = file.readNumbers(key);
  const columns = inColumns(array.shape);
  const count = array.data.length / 2;
  const out = columns
    ? Float64Array.from({ length: 2 * count }, (_, i) => array.data[(i % 2) * count + (i >> 1)])
    : Float64Array.from(array.data);
  if (options.positionOrder === "xy") for (let k = 0; k < out.length; k += 2) out.subarray(k, k + 2).reverse();
  return out;
}

function checkPairs({ shape, dtype }: ArrayHeader, where: string): void {
  if ((shape.at(-1) === 2 || inColumns(shape)) && /^(u?int|float)/.test(dtype) && sizeOf(shape) > 0) return;
  throw new PtychonautError("data", "positions are not pairs", {
    where,
    expected: "real numbers (frame, 2) or (2, frame)",
    got: `${dtype} (${shape.join(", ")})`,
    fix: `name two arrays, x and y: ${setting("positions", "FILE::X,Y")}; columns by their names where a table has some`,
  });
}

/** Whether one row has all first, the other all second coordinates. */
const inColumns = (shape: readonly number[]): boolean => shape.length === 2 && shape[0] === 2 && shape[1] !== 2;

/** Refuses what is no number but in frames that are left out, whose positions become another frame's. */
function checkFinite(positions: Float64Array, leftOut: readonly number[], where: string): Float64Array {
  placeLeftOut(positions, leftOut);
  const bad = new Set<number>();
  positions.forEach((value, i) => {
    if (!Number.isFinite(value)) bad.add(i >> 1);
  });
  const [first] = bad;
  if (first !== undefined) {
    const value = Number.isFinite(positions[2 * first]) ? positions[2 * first + 1] : positions[2 * first];
    const all = [...new Set([...bad, ...leftOut])].sort((a, b) => a - b);
    throw new PtychonautError("data", "a position is not a finite number", {
      where: `${where}, frame ${first}`,
      got: `${value} (${bad.size} of ${positions.length / 2} frames: ${[...bad].slice(0, 8).join(", ")}${bad.size > 8 ? " …" : ""})`,
      fix: `leave ${bad.size === 1 ? "the frame" : "the frames"} out: ${setting("skip_frames", frameRanges(all))}`,
    });
  }
  return positions;
}

/** Gives frames that are left out and have no place that of the first frame that has one. */
export function placeLeftOut(positions: Float64Array, leftOut: readonly number[]): void {
  const isPlaced = (frame: number): boolean =>
    Number.isFinite(positions[2 * frame]) && Number.isFinite(positions[2 * frame + 1]);
  let placed = 0;
  while (2 * placed < positions.length && !isPlaced(placed)) placed++;
  if (2 * placed === positions.length) return;
  for (const frame of leftOut)
    if (!isPlaced(frame)) positions.set(positions.subarray(2 * placed, 2 * placed + 2), 2 * frame);
}

/** Frames to leave out by their numbers in the file. @throws PtychonautError "usage" for frames that are not there */
export function framesLeftOut(numbers: ArrayLike<number> | undefined, options: ScanOptions, count: number): number[] {
  const { scanIndex } = options;
  if (scanIndex === undefined || numbers === undefined) return unusedFrames(options, count);
  const own = Array.from({ length: count }, (_, frame) => frame).filter((frame) => numbers[frame] === scanIndex);
  return unusedFrames(options, own.length).map((frame) => own[frame]);
}

/** What corrections leave where it is, as positions count then: the object's middle, without an object the scan's. */
function fixedPoint(
  positions: Float64Array,
  { positionOrigin, positionReference }: ScanOptions,
  { height, width, object }: WindowGeometry,
): readonly [y: number, x: number] {
  if (object === undefined) return middleOfScan(positions);
  const middle = positionOrigin === "centered" ? [0, 0] : middleOf(object);
  const corner = positionReference === "corner" ? [Math.floor(height / 2), Math.floor(width / 2)] : [0, 0];
  return [middle[0] - corner[0], middle[1] - corner[1]];
}

/**
 * What to add to (y, x) so that positions become window centres inside the object. Corners become centres first; only then
 * is the origin moved, so an object that fixes the origin tells the two apart, and a free origin does not.
 */
function offsetToConvention(
  positions: Float64Array,
  options: ScanOptions,
  { height, width, object }: WindowGeometry,
  conversions: string[],
): [number, number] {
  const half = [Math.floor(height / 2), Math.floor(width / 2)] as const;
  const toCentre = options.positionReference === "corner" ? half : ([0, 0] as const);
  if (options.positionReference === "corner")
    conversions.push(`positions moved from the windows' minimum corners to their centres: + (${half.join(", ")})`);
  if (options.positionOrigin !== "centered") return [...toCentre];

  if (object !== undefined) {
    const middle = middleOf(object);
    conversions.push(`positions counted from the middle of the reference object: + (${middle.join(", ")})`);
    return [toCentre[0] + middle[0], toCentre[1] + middle[1]];
  }
  const shift = [0, 1].map((axis) => SCAN_MARGIN + half[axis] - toCentre[axis] - least(positions, axis));
  conversions.push(
    `positions moved by (${shift.map((value) => value.toFixed(3)).join(", ")}), their origin being free, ` +
      `so that the outermost windows start ${SCAN_MARGIN} pixels inside the object`,
  );
  return [shift[0] + toCentre[0], shift[1] + toCentre[1]];
}

/** The pixel that positions with a centred origin count from. */
export function middleOf({ shape }: { readonly shape: readonly number[] }): readonly [number, number] {
  return [Math.floor(shape[0] / 2), Math.floor(shape[1] / 2)];
}

function least(positions: Float64Array, axis: number): number {
  let value = Number.POSITIVE_INFINITY;
  for (let k = axis; k < positions.length; k += 2) value = Math.min(value, positions[k]);
  return value;
}
