import type { TrainingPayload } from "../../config/payload.ts";
import type { Dataset } from "../../data/dataset.ts";
import { framesByScan } from "../../data/frameNumbers.ts";
import { type LabelSource, labelSource } from "../../data/labels.ts";
import { scaledProbe } from "../../data/normalisation.ts";
import { normalisedLabels } from "../../training/labelScale.ts";
import { maskedProbe } from "../../training/maskedProbe.ts";
import type { PreparedData } from "../../training/preparation.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";

/** What a supervised model learns from, one a scan, each normalised on frames of its own; nothing for other models. */
export function trainingLabels(
  scans: readonly Dataset[],
  frames: readonly number[],
  { scales }: Pick<PreparedData, "scales">,
  { model }: Pick<TrainingPayload, "model">,
): { readonly labels?: readonly LabelSource[] } {
  if (model.modelType !== "supervised") return {};
  const own = framesByScan(frames, scans);
  return {
    labels: scans.map((scan, i) => {
      const probe = maskedProbe(scaledProbe(scan.probe, scales[i]), model);
      return normalisedLabels(labelSource(scan), scan, {
        scales: scales[i],
        probe,
        propagator: scanPropagator([scan]),
        frames: own[i],
      });
    }),
  };
}

/** A line for people about each scan's labels. */
export function labelNotes(scans: readonly Dataset[], labels: readonly LabelSource[] = []): string[] {
  return labels.map(({ kind, scale }, i) => {
    const origin = kind === "patches" ? "the file's patches" : "cut from the object at the positions, bilinear";
    const whose = labels.length === 1 ? "labels" : `labels of ${scans[i].name}`;
    return `${whose}: ${origin}, times ${scale.toPrecision(4)} (the normalisation)`;
  });
}
