import type { TrainingPayload } from "../config/payload.ts";
import type { BatchSource } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { labelSource } from "../data/labels.ts";
import { scaledProbe } from "../data/normalisation.ts";
import { normalisedLabels } from "../training/labelScale.ts";
import { maskedProbe } from "../training/maskedProbe.ts";
import type { PreparedData } from "../training/preparation.ts";

/** Where batches come from, for a supervised model with the labels of its scan, and a line about those. */
export function labelled(
  source: BatchSource,
  dataset: Dataset,
  frames: readonly number[],
  { scales: [scales] }: PreparedData,
  { model }: TrainingPayload,
): [BatchSource, readonly string[]] {
  // Labels go with a single scan (config/payload.ts).
  if (model.modelType !== "supervised" || scales === undefined) return [source, []];
  const probe = maskedProbe(scaledProbe(dataset.probe, scales), model);
  const labels = normalisedLabels(labelSource(dataset), dataset, { scales, probe, frames });
  const origin = labels.kind === "patches" ? "the file's patches" : "cut from the object at the positions, bilinear";
  return [{ ...source, labels }, [`labels: ${origin}, times ${labels.scale.toPrecision(4)} (the normalisation)`]];
}
