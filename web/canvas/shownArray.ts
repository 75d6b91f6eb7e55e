import { amplitudeOf, phaseOf, sizeOf } from "../../src/arrays.ts";
import { PtychonautError } from "../../src/errors.ts";

/** A plane of numbers to be looked at. It is not copied: whoever changes its numbers shows a new one. */
export interface ShownArray {
  /** `[y, x]`, drawn with y down. */
  readonly shape: readonly number[];
  /** Row-major; complex values interleaved. */
  readonly data: Float32Array;
  readonly complex: boolean;
  /** What people call it: "object". */
  readonly name?: string;
  /** Of the values, or of a complex array's amplitudes: "counts". */
  readonly unit?: string;
  /** `[y, x]`, 0 = nothing is known there: drawn as background. */
  readonly known?: ArrayLike<number>;
  /** `[y, x]`, 0 = masked: hatched, and left out of limits and averages. */
  readonly mask?: ArrayLike<number>;
  /** Side of a pixel in metres, where it is known. */
  readonly pixelSizeM?: number;
  /** Another array that is shown with it in the same colours: limits that are found are those of both. */
  readonly beside?: ShownArray;
}

/** What a pixel is: its value counts, is masked, or is not there (not known, not finite). */
export const SHOWN = 0;
export const MASKED = 1;
export const UNKNOWN = 2;

/** An array with what is found by going through it once. */
export interface PreparedArray extends ShownArray {
  readonly height: number;
  readonly width: number;
  /** `[y, x]` of SHOWN, MASKED, UNKNOWN. */
  readonly state: Uint8Array;
  /** Whether every pixel is SHOWN. */
  readonly whole: boolean;
  /** How many pixels are MASKED, and how many UNKNOWN. */
  readonly masked: number;
  readonly unknown: number;
  /** Of the shown values, or amplitudes; undefined when there are none. */
  readonly range: readonly [min: number, max: number] | undefined;
}

const prepared = new WeakMap<ShownArray, PreparedArray>();

/**
 * Prepares an array, once for all canvases that show it.
 * @throws PtychonautError "shape" when its parts disagree about the size
 */
export function prepareArray(array: ShownArray): PreparedArray {
  const found = prepared.get(array) ?? prepare(array);
  prepared.set(array, found);
  return found;
}

function prepare(array: ShownArray): PreparedArray {
  const { shape, data, complex, known, mask } = array;
  const pixels = sizeOf(shape);
  const expected = { data: complex ? 2 * pixels : pixels, known: pixels, mask: pixels };
  for (const [part, values] of Object.entries({ data, known, mask }))
    if (shape.length !== 2 || pixels === 0 || (values && values.length !== expected[part as keyof typeof expected]))
      throw new PtychonautError("shape", "this is no image", {
        where: `${array.name ?? "array"}: ${part}`,
        expected: `two extents above 0, and ${expected[part as keyof typeof expected]} numbers`,
        got: `[${shape.join(", ")}] and ${values?.length ?? 0}`,
      });
  const state = new Uint8Array(pixels);
  let [masked, unknown] = [0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < pixels; i++) {
    const value = complex ? squared(data, i) : data[i];
    state[i] = known?.[i] === 0 || !Number.isFinite(value) ? UNKNOWN : mask?.[i] === 0 ? MASKED : SHOWN;
    if (state[i] === MASKED) masked++;
    else if (state[i] === UNKNOWN) unknown++;
    else {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  const range = max < min ? undefined : complex ? ([Math.sqrt(min), Math.sqrt(max)] as const) : ([min, max] as const);
  return { ...array, height: shape[0], width: shape[1], state, whole: masked + unknown === 0, masked, unknown, range };
}

const squared = (data: Float32Array, i: number): number => data[2 * i] ** 2 + data[2 * i + 1] ** 2;

/** Its values, or amplitudes. */
export const magnitudes = ({ complex, shape, data }: ShownArray): Float32Array =>
  complex ? amplitudeOf({ shape, data }) : data;

/** Radians. */
export const phases = ({ shape, data }: ShownArray): Float32Array => phaseOf({ shape, data });

/** The array's own numbers at a pixel. */
export interface Reading {
  readonly y: number;
  readonly x: number;
  /** Of a real array. */
  readonly value?: number;
  /** Of a complex array: amplitude, and phase in radians. */
  readonly amplitude?: number;
  readonly phase?: number;
  readonly masked: boolean;
  readonly known: boolean;
}

/** @returns undefined outside the array */
export function readingAt(
  { complex, data, state, width, height }: PreparedArray,
  y: number,
  x: number,
): Reading | undefined {
  if (!(y >= 0 && x >= 0 && y < height && x < width)) return undefined;
  const i = y * width + x;
  const place = { y, x, masked: state[i] === MASKED, known: state[i] !== UNKNOWN };
  if (!complex) return { ...place, value: data[i] };
  const [re, im] = [data[2 * i], data[2 * i + 1]];
  return { ...place, amplitude: Math.hypot(re, im), phase: Math.atan2(im, re) };
}
