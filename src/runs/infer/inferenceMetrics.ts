import type { Dataset } from "../../data/dataset.ts";
import { PtychonautError } from "../../errors.ts";
import { wellCovered } from "../../inference/coverage.ts";
import type { DataFit } from "../../inference/dataFit.ts";
import { largestRectangle } from "../../metrics/coverage.ts";
import type { Coverage, Metrics } from "../../metrics/evaluate.ts";
import type { Reconstruction } from "../../reconstructions/reconstructionNpz.ts";
import { compareWithReference, frcWarnings, type Lengths, lengthsOf } from "../evaluate.ts";

/** What `metrics.json` of an inference holds. Against a reference everything, else deviance and coverage alone. */
export type InferenceMetrics = (Metrics | { readonly deviance: number | null; readonly coverage: Coverage }) &
  Lengths & {
    /** Where `deviance` comes from; null when no pattern lies on the covered area. */
    readonly dataFit: DataFit | null;
  };

/**
 * Compares with the scan file's own object where there is one.
 * @param warn says why there is no comparison, where there should have been one
 */
export function inferenceMetrics(
  reconstruction: Reconstruction,
  { object, provenance }: Dataset,
  fit: DataFit | undefined,
  warn: (line: string) => void,
): InferenceMetrics {
  const dataFit = fit ?? null;
  const { pixelSizeM } = reconstruction;
  if (object !== undefined) {
    try {
      const reference = { object, origin: { y: 0, x: 0 }, pixelRatio: provenance.pixelRatio ?? ([1, 1] as const) };
      const deviance = fit === undefined ? {} : { deviance: fit.deviance };
      const metrics = compareWithReference(reconstruction, reference, deviance);
      for (const line of frcWarnings(metrics)) warn(`against the file's object: ${line}`);
      return { ...metrics, ...lengthsOf(metrics, pixelSizeM), dataFit };
    } catch (error) {
      if (!(error instanceof PtychonautError)) throw error;
      warn(`no comparison with the file's object: ${error.message}`);
    }
  }
  const coverage = coverageOf(reconstruction);
  return { deviance: fit?.deviance ?? null, coverage, ...lengthsOf(undefined, pixelSizeM), dataFit };
}

function coverageOf({ object, coverage }: Reconstruction): Coverage {
  const known = wellCovered(coverage);
  const pixels = known.reduce((sum, value) => sum + value, 0);
  const rectangle = largestRectangle(known, [object.shape[0], object.shape[1]]);
  return { pixels, fraction: pixels / known.length, rectangle };
}
