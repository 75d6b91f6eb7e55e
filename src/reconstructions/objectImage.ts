import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { NumericArray } from "../formats/npy.ts";
import { ignored } from "../scans/formats/quantities.ts";
import { objectNumbers } from "../scans/objectNumbers.ts";

/** A complex image out of a file, without leading axes of length one. @throws PtychonautError "data" when it is none */
export function objectImage(file: ArrayFile, key: string, where: string): ObjectImage {
  return imageOf(file.readNumbers(key), `${where}: ${key}`);
}

export interface ObjectImage {
  readonly object: ComplexArray;
  readonly warnings?: readonly string[];
}

/** Warnings as they stand beside an object, if there are some. */
export const warned = (warnings: readonly string[]): Pick<ObjectImage, "warnings"> =>
  warnings.length === 0 ? {} : { warnings };

/** The same of an array at hand. @param where names it in errors */
export function imageOf(array: NumericArray, where: string): ObjectImage {
  const { shape: stored, dtype } = array;
  const shape = squeezed(stored);
  if (shape.length === 2 && dtype.startsWith("complex")) {
    const { data, warnings } = objectNumbers(array, where);
    return { object: { shape, data }, ...warned(warnings) };
  }
  throw new PtychonautError("data", "the object is not a complex image", {
    where,
    expected: "complex (y, x)",
    got: `${dtype} (${stored.join(", ")})`,
  });
}

/** Without leading axes of length one, down to two axes. */
export function squeezed(shape: readonly number[]): readonly number[] {
  const from = shape.findIndex((extent, axis) => extent !== 1 || axis >= shape.length - 2);
  return shape.slice(Math.max(0, from));
}

/**
 * A length: an array of one number, or of several that are the same. None where there are no values.
 * @param warnings is told of values that are no length, under this name
 */
export function lengthIn(
  values: ArrayLike<number | string> | undefined,
  name: string,
  warnings: string[],
): number | undefined {
  const all = Array.from(values ?? []);
  const [first] = all;
  if (first === undefined) return undefined;
  if (typeof first === "number" && first > 0 && Number.isFinite(first) && all.every((value) => value === first))
    return first;
  warnings.push(ignored(name, all.join(", ")));
  return undefined;
}

/** The numbers of a small array, whatever they are; none where there is none. */
export const numbersAt = (file: ArrayFile, key: string): ArrayLike<number> =>
  file.has(key) && /^(u?int|float)/.test(file.header(key).dtype) ? file.readNumbers(key).data : [];

/** Real, finite numbers of an array; undefined where there is none, or it is of something else. */
export function finiteNumbers(file: ArrayFile, key: string, count?: number): Float64Array | undefined {
  if (!file.has(key) || !/^(u?int|float)/.test(file.header(key).dtype)) return undefined;
  const values = Float64Array.from(file.readNumbers(key).data);
  const fits = (count === undefined || values.length === count) && values.every((value) => Number.isFinite(value));
  return fits ? values : undefined;
}
