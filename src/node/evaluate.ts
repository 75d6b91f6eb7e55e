import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { wellCovered } from "../inference/coverage.ts";
import { openNpz } from "../io/npz.ts";
import { type Reconstruction, readReconstruction } from "../io/reconstruction.ts";
import { type EvaluationOptions, evaluateReconstruction, type Metrics } from "../metrics/evaluate.ts";
import { readBytes } from "./files.ts";

/** An object to compare with, and where its first pixel sits in object pixels. */
export interface Reference {
  /** `[y, x]`. */
  readonly object: ComplexArray;
  readonly origin: { readonly y: number; readonly x: number };
}

export interface ComparisonOptions extends Pick<EvaluationOptions, "gauge" | "register" | "maxShift" | "deviance"> {
  /** Pixels count whose coverage is above this fraction of its median. Default 0.1. */
  readonly coverage?: number;
}

/**
 * Compares a reconstruction with a reference over the well-covered area.
 * @throws PtychonautError "usage" or "shape" when they do not fit or too little is covered
 */
export function compareWithReference(
  reconstruction: Reconstruction,
  reference: Reference,
  { coverage = 0.1, ...options }: ComparisonOptions = {},
): Metrics {
  const { object, origin } = reconstruction;
  const mask = Float32Array.from(wellCovered(reconstruction.coverage, { fraction: coverage }));
  return evaluateReconstruction(object, reference.object, {
    ...options,
    origin: [origin.y - reference.origin.y, origin.x - reference.origin.x],
    mask: { shape: object.shape, data: mask },
  });
}

/** @throws PtychonautError "data" when the file is no reconstruction */
export async function readReconstructionFile(path: string): Promise<Reconstruction> {
  return readReconstruction(await readBytes(path), path);
}

/**
 * A reference out of a file: the `objectGuess` of a scan (its first pixel is the origin of object pixels), the object of
 * a `reconstruction.npz`, or any complex image by its key.
 * @throws PtychonautError "data" when there is none
 */
export async function readReference(path: string, objectKey?: string): Promise<Reference> {
  const npz = openNpz(await readBytes(path), path);
  const key = objectKey ?? ["objectGuess", "object"].find((name) => npz.has(name));
  if (key === undefined || !npz.has(key)) {
    throw new PtychonautError("data", "no reference object in this file", {
      where: path,
      expected: key === undefined ? "objectGuess or object" : `an array "${key}"`,
      got: `the arrays ${npz.keys.join(", ")}`,
      fix: "name the array with --object_key",
    });
  }
  const { shape, dtype, data } = npz.readNumbers(key);
  if (shape.length !== 2 || !dtype.startsWith("complex")) {
    throw new PtychonautError("data", "the reference is not a complex image", {
      where: `${path}: ${key}`,
      expected: "complex (y, x)",
      got: `${dtype} (${shape.join(", ")})`,
    });
  }
  const [y = 0, x = 0] = key === "object" && npz.has("origin") ? npz.readNumbers("origin").data : [];
  return { object: { shape, data: Float32Array.from(data) }, origin: { y, x } };
}
