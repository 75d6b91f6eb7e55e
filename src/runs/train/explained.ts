import type { ComplexArray } from "../../arrays.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import type { Dataset } from "../../data/dataset.ts";
import { framesByScan } from "../../data/frameNumbers.ts";
import { scaledProbe } from "../../data/normalisation.ts";
import type { Explanation } from "../../inference/explanation.ts";
import { explainedOf } from "../../inference/heldOut.ts";
import { maskedProbe } from "../../training/maskedProbe.ts";
import type { PreparedData } from "../../training/preparation.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";
import { probesOf } from "../../training/trainableProbe.ts";
import type { EpochRecord, TrainingState } from "../../training/trainingState.ts";

/** How much of the patterns a trained network explains, as `training.json` has it. */
export interface TrainedExplanation extends Explanation {
  /** Patterns that were held back, or, where none were, those that it learned from. */
  readonly of: "validation" | "training";
  readonly patterns: number;
}

/**
 * Sets the best epoch's deviance beside that of a flat object and of the noise, over the same patterns.
 * @param probe what training made of the probes, where it refined them
 * @returns undefined when no epoch came to a finite deviance
 */
export function explainedByTraining(
  { best, history }: TrainingState,
  scans: readonly Dataset[],
  validation: Dataset | undefined,
  prepared: PreparedData,
  probe: ComplexArray | undefined,
  { model }: Pick<TrainingPayload, "model">,
): TrainedExplanation | undefined {
  const record = history.find(({ epoch }) => epoch === best?.epoch);
  const of = prepared.validation === undefined ? "training" : "validation";
  const deviance = record && devianceOf(record, of);
  if (deviance === undefined || !Number.isFinite(deviance)) return undefined;
  const numbers = of === "validation" ? prepared.validationFrames : prepared.trainingFrames;
  const held = of === "validation" && validation !== undefined ? [validation] : scans;
  const frames = framesByScan(numbers, held);
  const scales = of === "validation" ? prepared.validationScales : prepared.scales;
  const parts = held.map((dataset, scan) => ({
    dataset,
    scales: scales[scan],
    probe: maskedProbe((probe && probesOf(probe)[scan]) ?? scaledProbe(dataset.probe, scales[scan]), model),
    propagator: scanPropagator([dataset]),
    frames: frames[scan],
    frameIntensity: model.frameIntensityTrainable,
  }));
  const explanation = explainedOf(parts, deviance);
  return explanation && { ...explanation, of, patterns: numbers.length };
}

/** Which patterns it is said of: of several scans it is one number over all, so they are named. */
export function explainedOfWhat(
  { of }: Pick<TrainedExplanation, "of">,
  scans: readonly Pick<Dataset, "name">[],
): string {
  if (scans.length < 2) return of;
  const names = scans.slice(0, SHOWN).map(({ name }) => name);
  const more = scans.length > SHOWN ? ", …" : "";
  return `${of}, ${scans.length === 2 ? "both" : `all ${scans.length}`} scans together (${names.join(", ")}${more})`;
}

/** Scans that a line names, at most. */
const SHOWN = 8;

const devianceOf = (record: EpochRecord, of: TrainedExplanation["of"]): number | undefined =>
  (of === "validation" ? record.validation : record.train)["deviance"];
