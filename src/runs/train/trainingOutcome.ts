import type { JsonObject } from "../../bundle/manifest.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import { setting } from "../../errors.ts";
import type { Outcome } from "../../training/trainer.ts";
import type { EpochRecord, TrainingState } from "../../training/trainingState.ts";
import type { RunOutcome } from "../hooks.ts";
import type { TrainedExplanation } from "./explained.ts";
import type { Seeds } from "./trainingIdentity.ts";

/** How a training went, as `training.json` says it. */
export function trainingJson(
  state: TrainingState,
  outcome: Outcome,
  seeds: Seeds,
  explained: TrainedExplanation | undefined,
): JsonObject {
  const { history, best, epoch, step } = state;
  return JSON.parse(
    JSON.stringify({
      outcome,
      seeds,
      epochs: epoch,
      steps: step,
      best: best === null ? null : { epoch: best.epoch, value: best.value },
      explained: explained ?? null,
      history,
    }),
  ) as JsonObject;
}

/** … and as its command ends. */
export function statusOf(outcome: Outcome, { execution }: TrainingPayload): Pick<RunOutcome, "status" | "advice"> {
  const { kind, message } = outcome;
  switch (kind) {
    case "completed":
      return { status: "finished" };
    case "early-stopped":
    case "stalled":
      return { status: "finished", advice: message };
    case "interrupted": {
      const how = execution.enableCheckpointing
        ? `the same run with ${setting("resume", "last")} goes on from here`
        : "nothing was saved to go on from, since checkpoints are off";
      return { status: "interrupted", advice: `${message}; ${how}` };
    }
    case "not-finite":
    case "diverged":
      return { status: "diverged", advice: message };
  }
}

/** All epochs that are asked for. */
export const epochsOf = ({ training }: TrainingPayload): number => training.maxEpochs + training.epochsFineTune;

/** An epoch, for people. */
export function epochLine(record: EpochRecord, maxEpochs: number): string {
  const validation = record.validationLoss === null ? "" : `, validation ${record.validationLoss.toPrecision(5)}`;
  return `epoch ${record.epoch}/${maxEpochs}: loss ${record.trainLoss.toPrecision(5)}${validation}, ${record.seconds.toFixed(1)} s`;
}
