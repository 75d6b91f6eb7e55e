import type { ComplexArray, RealArray } from "../arrays.ts";
import type { Dataset } from "../data/dataset.ts";
import { resizedPatterns, resizeImage } from "../data/resizedPatterns.ts";
import { PtychonautError } from "../errors.ts";
import { planFft2 } from "../numerics/fft.ts";
import type { Geometry } from "../optics/geometry.ts";
import { optionAdvice, type ScanOptions } from "./scanOptions.ts";

/** Beyond these sides no network takes what is filled up, and nearly all of it was never measured. */
const MOST_SIDE = 4096;
const MOST_TIMES = 16;

/**
 * The side that patterns are to get; undefined where they stay as they are.
 * @throws PtychonautError "usage" for cutting to more than there is, filling up to less or far more, or both at once
 */
export function wantedSide(
  { cropTo, padTo }: ScanOptions,
  { height, width }: { readonly height: number; readonly width: number },
  where: string,
): number | undefined {
  if (cropTo === undefined && padTo === undefined) return undefined;
  const refuse = (what: string, expected: string, got: string): PtychonautError =>
    new PtychonautError("usage", what, { where, expected, got });
  if (cropTo !== undefined && padTo !== undefined)
    throw refuse(
      "patterns can be cut or filled up",
      "one of them",
      `${optionAdvice("cropTo")} and ${optionAdvice("padTo")}`,
    );
  const shown = `patterns of ${height} x ${width}`;
  if (cropTo !== undefined && cropTo > Math.min(height, width))
    throw refuse("patterns are too small to be cut", `at most ${Math.min(height, width)}`, `${cropTo} for ${shown}`);
  if (padTo !== undefined && padTo < Math.max(height, width))
    throw refuse(
      "patterns are too large to be filled up",
      `at least ${Math.max(height, width)}`,
      `${padTo} for ${shown}`,
    );
  const most = Math.max(height, width, Math.min(MOST_SIDE, MOST_TIMES * Math.max(height, width)));
  if (padTo !== undefined && padTo > most)
    throw refuse("patterns cannot be filled up so far", `at most ${most}`, `${padTo} for ${shown}`);
  return cropTo ?? padTo;
}

/**
 * A scan with patterns of `side` squared, cut or filled up about their zero frequency, and everything else to match. In the
 * far field the object's pixel is λ z / (N p): a detector of other extent has the same window in the object, with other
 * pixels. So with M for N pixels
 *
 * - positions count M/N as many pixels;
 * - the probe is its own spectrum, cut or filled up with zeros (band-limited interpolation, unitary), unless it has the
 *   new size already;
 * - the object is interpolated; reference patches are left out;
 * - what was not measured is masked.
 *
 * @param countPhotons whether the patterns can be read, to see how much of a stated dose is left
 * @throws PtychonautError "usage" for patterns that are no far field
 */
export function resizedScan(dataset: Dataset, side: number, countPhotons: boolean): Dataset {
  const { patterns, probe, object, mask, positions, nominalPositions, geometry, provenance } = dataset;
  const { height, width } = patterns;
  if (height === side && width === side) return dataset;
  if (geometry !== undefined && geometry.propagation !== "far-field")
    throw new PtychonautError("usage", "only far fields can be cut or filled up", {
      where: provenance.path ?? dataset.name,
      got: geometry.propagation,
    });
  const resizedAlready = probe.shape[1] === side && probe.shape[2] === side;
  const ratio = [side / height, side / width] as const;
  const resized = resizedPatterns(patterns, side);
  const photons = dataset.photonsPerPattern;
  const { patches, photonsPerPattern: _, mask: __, object: ___, geometry: ____, ...kept } = dataset;
  const share = photons !== undefined && side < Math.max(height, width) && countPhotons ? energyLeft(dataset, side) : 1;
  return {
    ...kept,
    patterns: resized,
    positions: scaled(positions, ratio),
    ...(nominalPositions === undefined ? {} : { nominalPositions: scaled(nominalPositions, ratio) }),
    probe: resizedProbe(probe, side),
    ...(object === undefined ? {} : { object: resampledObject(object, ratio) }),
    ...(patches === undefined ? {} : { labelProblem: "reference patches, which are of another pixel size" }),
    ...resizedMask(mask, [height, width], side),
    ...(photons === undefined ? {} : { photonsPerPattern: photons * share }),
    ...(geometry === undefined ? {} : { geometry: otherPixel(geometry, [height, width], side) }),
    provenance: {
      ...provenance,
      pixelRatio: [1 / ratio[0], 1 / ratio[1]],
      conversions: [
        ...provenance.conversions,
        `patterns of ${height} × ${width} made ${side} × ${side} about their zero frequency: positions and object count ` +
          `${ratio.map((value) => Number(value.toPrecision(6))).join(" and ")} times as many pixels along y and x, and the probe is ${resizedAlready ? "of that size in the file" : "resampled"}`,
        ...(share === 1 ? [] : [`of the stated dose ${(100 * share).toPrecision(4)} % is left`]),
      ],
    },
  };
}

const scaled = (positions: Float64Array, ratio: readonly [number, number]): Float64Array =>
  positions.map((value, i) => value * ratio[i % 2]);

function resizedProbe({ shape, data }: ComplexArray, side: number): ComplexArray {
  const [modes, height, width] = shape as [number, number, number];
  if (height === side && width === side) return { shape, data };
  const [from, to] = [planFft2([height, width]), planFft2([side, side])];
  const out = new Float32Array(2 * modes * side * side);
  const [planes, resized] = [new Float32Array(height * width), new Float32Array(side * side)];
  for (let mode = 0; mode < modes; mode++) {
    const spectrum = from.forward(data.subarray(2 * mode * height * width, 2 * (mode + 1) * height * width));
    const other = new Float64Array(2 * side * side);
    for (const part of [0, 1]) {
      for (let i = 0; i < planes.length; i++) planes[i] = spectrum[2 * i + part];
      resizeImage(planes, [height, width], resized, side);
      for (let i = 0; i < resized.length; i++) other[2 * i + part] = resized[i];
    }
    out.set(to.inverse(other), 2 * mode * side * side);
  }
  return { shape: [modes, side, side], data: out };
}

/** Linear interpolation at pixels `1 / ratio` apart, over as many pixels where they are wider; pixel 0 stays where it is. */
export function resampledObject({ shape, data }: ComplexArray, ratio: readonly [number, number]): ComplexArray {
  const [rows, columns] = shape as [number, number];
  const [newRows, newColumns] = [Math.max(1, Math.round(rows * ratio[0])), Math.max(1, Math.round(columns * ratio[1]))];
  const tall = new Float64Array(2 * newRows * columns);
  for (let y = 0; y < newRows; y++)
    for (const [from, weight] of tent(y / ratio[0], 1 / ratio[0], rows))
      for (let i = 0; i < 2 * columns; i++) tall[2 * y * columns + i] += weight * data[2 * from * columns + i];
  const out = new Float32Array(2 * newRows * newColumns);
  for (let x = 0; x < newColumns; x++)
    for (const [from, weight] of tent(x / ratio[1], 1 / ratio[1], columns))
      for (let y = 0; y < newRows; y++)
        for (const part of [0, 1])
          out[2 * (y * newColumns + x) + part] += weight * tall[2 * (y * columns + from) + part];
  return { shape: [newRows, newColumns], data: out };
}

/** Pixels and their weights, of sum one, about a place. */
function tent(place: number, pixel: number, size: number): [at: number, weight: number][] {
  const reach = Math.max(1, pixel);
  const taps: [number, number][] = [];
  for (let at = Math.ceil(place - reach); at <= place + reach; at++) {
    const weight = 1 - Math.abs(at - place) / reach;
    if (weight > 0 && at >= 0 && at < size) taps.push([at, weight]);
  }
  if (taps.length === 0) return [[size - 1, 1]];
  const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
  return taps.map(([at, weight]) => [at, weight / total]);
}

function resizedMask(
  mask: RealArray | undefined,
  [height, width]: readonly [number, number],
  side: number,
): { readonly mask?: RealArray } {
  if (mask === undefined && side <= Math.min(height, width)) return {};
  const out = new Float32Array(side * side);
  resizeImage(mask?.data ?? new Float32Array(height * width).fill(1), [height, width], out, side);
  return { mask: { shape: [side, side], data: out } };
}

/** λ z / (M p), or from the old pixel where a square was resized. */
function otherPixel(geometry: Geometry, [height, width]: readonly [number, number], side: number): Geometry {
  const { wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM, ...others } = geometry;
  const known = wavelengthM !== undefined && detectorDistanceM !== undefined && detectorPixelM !== undefined;
  const pixel = known
    ? (wavelengthM * detectorDistanceM) / (side * detectorPixelM)
    : height === width && objectPixelM !== undefined
      ? (objectPixelM * height) / side
      : undefined;
  return {
    ...others,
    ...(wavelengthM === undefined ? {} : { wavelengthM }),
    ...(detectorDistanceM === undefined ? {} : { detectorDistanceM }),
    ...(detectorPixelM === undefined ? {} : { detectorPixelM }),
    ...(pixel === undefined ? {} : { objectPixelM: pixel }),
  };
}

/** Part of the counts that is inside, in float64. */
function energyLeft({ patterns, measurement }: Dataset, side: number): number {
  const { height, width, count } = patterns;
  const [frame, cut] = [new Float32Array(height * width), new Float32Array(side * side)];
  let [all, inside] = [0, 0];
  const energy = (value: number): number => (measurement === "counts" ? value : value * value);
  for (let k = 0; k < count; k++) {
    patterns.read([k], frame);
    resizeImage(frame, [height, width], cut, side);
    const [own, left] = [frame, cut].map((values) => values.reduce((sum, value) => sum + energy(value), 0));
    // Of a frame that will be left out.
    if (!Number.isFinite(own)) continue;
    all += own;
    inside += left;
  }
  return all > 0 ? inside / all : 1;
}
