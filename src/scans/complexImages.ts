import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { NumericArray } from "../formats/npy.ts";
import { anotherProbe } from "./missingPart.ts";
import { objectNumbers } from "./objectNumbers.ts";
import { FLOAT32_MAX } from "./patternValues.ts";

/**
 * The probe as `[mode, y, x]`.
 * @param sides of the patterns, and of what they are prepared to be: a probe of that size belongs to it
 * @throws PtychonautError "data" when it is not of the patterns' size, or not finite
 */
export function toProbe(
  array: NumericArray,
  sides: readonly (readonly [height: number, width: number])[],
  where: string,
  conversions: string[],
): ComplexArray {
  const [[height, width]] = sides;
  const shape = squeezeLeading(array.shape, 2);
  const trailingOne = shape.length === 3 && shape[2] === 1 && !(shape[1] === height && width === 1);
  const [modes, h, w] = trailingOne ? [1, shape[0], shape[1]] : shape.length === 2 ? [1, ...shape] : shape;
  if (shape.length > 3 || !sides.some((side) => h === side[0] && w === side[1]))
    throw new PtychonautError("data", "the probe does not fit the patterns", {
      where,
      expected: `(${height}, ${width}), (${height}, ${width}, 1) or (mode, ${height}, ${width})`,
      got: `(${array.shape.join(", ")})`,
      fix: "resample, crop or pad the probe to the size of the patterns",
    });
  if (!array.dtype.startsWith("complex")) conversions.push("real probe taken as complex with zero phase");
  return { shape: [modes, h, w], data: toComplex(array, where, `say ${anotherProbe}`) };
}

/**
 * The reference object as `[y, x]`.
 * @throws PtychonautError "data" when it is no finite image
 */
export function toObject(array: NumericArray, where: string, warnings: string[]): ComplexArray {
  const shape = squeezeLeading(array.shape, 2);
  if (shape.length !== 2)
    throw new PtychonautError("data", "the reference object is not an image", {
      where,
      expected: "(y, x)",
      got: `(${array.shape.join(", ")})`,
    });
  const bad = array.data.find((value) => !Number.isFinite(value));
  if (bad !== undefined)
    throw new PtychonautError("data", "the reference object is not finite", { where, got: `${bad}` });
  const numbers = objectNumbers(array, where);
  warnings.push(...numbers.warnings);
  return { shape, data: numbers.data };
}

/** Complex numbers interleaved in float32, from complex or real; refuses NaN and infinity. @param fix what to do about them */
export function toComplex({ dtype, data }: NumericArray, where: string, fix?: string): Float32Array {
  for (const value of data)
    if (!(Math.abs(value) <= FLOAT32_MAX))
      throw new PtychonautError("data", "not a finite number within float32", {
        ...{ where, got: `${value}` },
        ...(fix === undefined ? {} : { fix }),
      });
  if (dtype.startsWith("complex")) return Float32Array.from(data);
  const out = new Float32Array(2 * data.length);
  for (let i = 0; i < data.length; i++) out[2 * i] = data[i];
  return out;
}

function squeezeLeading(shape: readonly number[], keep: number): readonly number[] {
  let start = 0;
  while (shape.length - start > keep && shape[start] === 1) start++;
  return shape.slice(start);
}
