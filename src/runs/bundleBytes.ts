import { type BundleParts, writeBundle } from "../bundle/bundle.ts";
import type { JsonObject } from "../bundle/manifest.ts";
import type { TrainingPayload } from "../config/payload.ts";
import { savedConfigOf } from "../config/savedConfig.ts";
import type { Scales } from "../data/normalisation.ts";
import type { PredictionGraph } from "../inference/predictionModel.ts";
import type { ParameterValues } from "../nets/parameters.ts";
import { version } from "../version.ts";

/**
 * The bundle of a network with its weights, as this version makes it with these settings.
 * @param values of the network's weights; others are left out
 * @throws PtychonautError "bundle" when weights are missing or of another size
 */
export function bundleBytes(
  payload: TrainingPayload,
  graph: PredictionGraph,
  values: ParameterValues,
  parts: Pick<BundleParts, "scales" | "trainedOn" | "scans" | "probe" | "training">,
): Uint8Array {
  return writeBundle({
    model: graph.export(Object.fromEntries(graph.specs.map(({ name }) => [name, values[name]]))),
    parameters: graph.specs,
    createdBy: `ptychonaut ${version}`,
    config: JSON.parse(JSON.stringify(savedConfigOf(payload))) as JsonObject,
    ...parts,
  });
}

/** Scales as a bundle keeps them: those that are numbers. */
export const numbersOf = (scales: Scales): Record<string, number> =>
  Object.fromEntries(Object.entries(scales).filter((entry): entry is [string, number] => Number.isFinite(entry[1])));
