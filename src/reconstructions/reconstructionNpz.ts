import type { ComplexArray } from "../arrays.ts";
import { amplitudeOf, phaseOf, sizeOf } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { ByteSource } from "../formats/byteSource.ts";
import type { NumericArray } from "../formats/npy.ts";
import { openNpz, writeNpz } from "../formats/npz.ts";
import { objectNumbers } from "../scans/objectNumbers.ts";

/** A reconstructed object and what a reader needs to place it; the content of `reconstruction.npz`. */
export interface Reconstruction {
  /** `[y, x]`. */
  readonly object: ComplexArray;
  /** `[y, x]`, how well each pixel is covered: 0 = not at all, 1 = best. */
  readonly coverage: Float32Array;
  /** `[frame, 2]` as (y, x), window centres in object pixels: the positions used. */
  readonly positions: Float64Array;
  /** Where pixel `[0, 0]` sits, in the object pixels of `positions`; may be fractional. */
  readonly origin: { readonly y: number; readonly x: number };
  /** Side of a pixel in metres, where known. */
  readonly pixelSizeM?: number;
  /** Object pixel over that of the scan's file as stored, (y, x): not 1 where patterns were cut or filled up. */
  readonly pixelRatio?: readonly [y: number, x: number];
  /** `[slice, y, x]`, where the object is the product of several. */
  readonly slices?: ComplexArray;
  /** `[state, y, x]`, where the object is in several, the strongest first, which `object` is. */
  readonly objectModes?: ComplexArray;
  /** What was done to the object's numbers on reading. */
  readonly warnings?: readonly string[];
}

/**
 * As npz with the keys `object` (complex64), `amplitude`, `phase` (radians), `coverage` (float32, all `[y, x]`),
 * `slices` (complex64 `[slice, y, x]`) or `object_modes` (complex64 `[state, y, x]`) of an object that has several,
 * `positions` (float64 `[frame, 2]`, (y, x)), `origin` (float64 (y, x)) and, where known, `pixel_size_m` and `pixel_ratio`
 * (float64 (y, x)).
 */
export function writeReconstruction(reconstruction: Reconstruction): Uint8Array {
  return writeNpz(reconstructionArrays(reconstruction));
}

/** The arrays by their names, whatever the container. */
export function reconstructionArrays(reconstruction: Reconstruction): Record<string, NumericArray> {
  const { object, coverage, positions, origin, pixelSizeM, pixelRatio, slices, objectModes } = reconstruction;
  const { shape } = object;
  const real = (data: Float32Array) => ({ shape, dtype: "float32", data }) as const;
  return {
    object: { shape, dtype: "complex64", data: object.data },
    amplitude: real(amplitudeOf(object)),
    phase: real(phaseOf(object)),
    coverage: real(coverage),
    ...(slices === undefined
      ? {}
      : { slices: { shape: slices.shape, dtype: "complex64", data: slices.data } as const }),
    ...(objectModes === undefined
      ? {}
      : { object_modes: { shape: objectModes.shape, dtype: "complex64", data: objectModes.data } as const }),
    positions: { shape: [positions.length / 2, 2], dtype: "float64", data: positions },
    origin: { shape: [2], dtype: "float64", data: Float64Array.of(origin.y, origin.x) },
    ...(pixelSizeM === undefined
      ? {}
      : { pixel_size_m: { shape: [], dtype: "float64", data: Float64Array.of(pixelSizeM) } }),
    ...(pixelRatio === undefined
      ? {}
      : { pixel_ratio: { shape: [2], dtype: "float64", data: Float64Array.from(pixelRatio) } }),
  };
}

/**
 * @param where names the file in error messages
 * @throws PtychonautError "data" when it is no npz, or lacks an array, or arrays disagree about their size
 */
export function readReconstruction(bytes: Uint8Array | ByteSource, where = "reconstruction.npz"): Reconstruction {
  return readReconstructionArrays(openNpz(bytes, where), where);
}

/** The same out of any container. @throws PtychonautError "data", as `readReconstruction` */
export function readReconstructionArrays(npz: ArrayFile, where: string): Reconstruction {
  const object = npz.readNumbers("object");
  if (!object.dtype.startsWith("complex") || object.shape.length !== 2)
    throw wrong("object", "complex [y, x]", `${object.dtype} [${object.shape.join(", ")}]`, where);
  const { data, warnings } = objectNumbers(object, `${where}: object`);
  const positions = numbers(npz, "positions", where);
  const origin = numbers(npz, "origin", where, 2);
  const ratio = npz.has("pixel_ratio") ? numbers(npz, "pixel_ratio", where, 2) : undefined;
  if (ratio?.every((value) => value > 0 && Number.isFinite(value)) === false)
    throw wrong("pixel_ratio", "two numbers above 0", ratio.join(", "), where);
  const side = npz.has("pixel_size_m") ? numbers(npz, "pixel_size_m", where, 1)[0] : undefined;
  if (side !== undefined && !(side > 0 && Number.isFinite(side)))
    throw wrong("pixel_size_m", "a finite number above 0", `${side}`, where);
  return {
    object: { shape: object.shape, data },
    ...(warnings.length === 0 ? {} : { warnings }),
    coverage: Float32Array.from(numbers(npz, "coverage", where, sizeOf(object.shape))),
    positions,
    origin: { y: origin[0], x: origin[1] },
    ...(npz.has("object_modes") ? { objectModes: statesIn(npz, object.shape, where) } : {}),
    ...(side === undefined ? {} : { pixelSizeM: side }),
    ...(ratio === undefined ? {} : { pixelRatio: [ratio[0], ratio[1]] }),
  };
}

function statesIn(npz: ArrayFile, plane: readonly number[], where: string): ComplexArray {
  const states = npz.readNumbers("object_modes");
  if (!states.dtype.startsWith("complex") || String(states.shape.slice(1)) !== String(plane))
    throw wrong(
      "object_modes",
      `complex [state, ${plane.join(", ")}]`,
      `${states.dtype} [${states.shape.join(", ")}]`,
      where,
    );
  return { shape: states.shape, data: objectNumbers(states, `${where}: object_modes`).data };
}

function numbers(npz: ArrayFile, key: string, where: string, count?: number): Float64Array {
  const { data, dtype } = npz.readNumbers(key);
  if (dtype.startsWith("complex") || (count !== undefined && data.length !== count))
    throw wrong(key, `${count ?? "any number of"} real numbers`, `${data.length} of ${dtype}`, where);
  return Float64Array.from(data);
}

function wrong(key: string, expected: string, got: string, where: string): PtychonautError {
  return new PtychonautError("data", `not a reconstruction: "${key}" does not fit`, { expected, got, where });
}
