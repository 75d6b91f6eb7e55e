import type { ComplexArray } from "../arrays.ts";
import type { Dataset } from "../data/dataset.ts";
import { PtychonautError, setting } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { toComplex } from "./complexImages.ts";
import type { ScanOptions } from "./scanOptions.ts";

/** Patches to learn from; where there are none, what is wrong with what could be taken for some. */
export function readLabels(
  file: ArrayFile,
  shape: readonly number[],
  options: ScanOptions,
  at: (key: string) => string,
): Pick<Dataset, "patches" | "labelProblem"> {
  const stated = optionalPatches(file, shape, at);
  if (stated.patches !== undefined) return stated;
  if (file.has("label")) {
    const { dtype, shape: own } = file.header("label");
    if (dtype.startsWith("complex") && own.join() === shape.join())
      return { patches: { shape, data: toComplex(file.readNumbers("label"), at("label")) } };
    return { labelProblem: `label, ${dtype} (${own.join(", ")}), which is not complex (${shape.join(", ")})` };
  }
  const objectKey = options.objectKey ?? "objectGuess";
  if (file.has(objectKey)) {
    const { dtype } = file.header(objectKey);
    return dtype.startsWith("complex") ? {} : { labelProblem: `${objectKey}, ${dtype}: an amplitude without a phase` };
  }
  return file.has("Y_I") ? { labelProblem: "Y_I: amplitudes times the probe's, without a phase" } : {};
}

/** Patches are as large as the patterns: where those stay in their file, labels can come from the object alone. */
export function labelsLeftOut(file: ArrayFile): Pick<Dataset, "labelProblem"> {
  const key = ["Y", "label"].find((name) => file.has(name));
  if (key === undefined) return {};
  return {
    labelProblem: `${key}, which is not read while the patterns stay in their file (${setting("patterns_in_memory", "yes")} reads it)`,
  };
}

function optionalPatches(
  file: ArrayFile,
  shape: readonly number[],
  at: (key: string) => string,
): { readonly patches?: ComplexArray } {
  if (!file.has("Y")) return {};
  const header = file.header("Y");
  if (!header.dtype.startsWith("complex") || header.shape.join() !== shape.join())
    throw new PtychonautError("data", "the reference patches do not fit", {
      where: at("Y"),
      expected: `complex (${shape.join(", ")})`,
      got: `${header.dtype} (${header.shape.join(", ")})`,
      fix: "save complex patches, frame first, or leave Y out",
    });
  return { patches: { shape, data: toComplex(file.readNumbers("Y"), at("Y")) } };
}
