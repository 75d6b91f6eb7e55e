import type { TrainingPayload } from "../../config/payload.ts";
import { PtychonautError } from "../../errors.ts";
import { countTrainable } from "../../nets/parameters.ts";
import { modelWeights } from "../../training/averagedWeights.ts";
import { beginFineTuning, mayFineTune } from "../../training/fineTuning.ts";
import type { Schedule } from "../../training/schedules.ts";
import { fineTuningScheduleOf, optimizerOf, scheduleOf } from "../../training/settings.ts";
import type { Outcome } from "../../training/trainer.ts";
import type { TrainingState } from "../../training/trainingState.ts";
import type { TrainingSetup, TrainingStage } from "./trainingSetup.ts";

/** Epochs with one set of trained parameters and one schedule. */
export interface Stage extends TrainingStage {
  readonly schedule: Schedule;
  /** Epochs done at its end, those before it included. */
  readonly lastEpoch: number;
}

/** The stages of a training: its epochs, and where asked for fine-tuning behind them. */
export interface TrainingStages {
  /**
   * The stage that a state is in.
   * @throws PtychonautError "usage" when it is fine-tuning behind another number of epochs than is asked for now
   */
  of(state: TrainingState): Stage;
  /** What a stage that ended so is followed by: where that starts, and a line about it. Undefined when it was the last. */
  after(outcome: Outcome, state: TrainingState): { readonly state: TrainingState; readonly note: string } | undefined;
}

export function trainingStages(setup: TrainingSetup, { training, execution }: TrainingPayload): TrainingStages {
  const { maxEpochs, epochsFineTune } = training;
  const schedule = fineTuningScheduleOf(training, execution);
  const optimizer = optimizerOf(training);
  let fineTuning: TrainingStage | undefined;
  const frozen = (): TrainingStage => {
    fineTuning ??= setup.fineTuning();
    return fineTuning;
  };
  return {
    of(state) {
      const begun = state.fineTuning;
      if (begun === null) return { ...setup.main, schedule: scheduleOf(training, execution), lastEpoch: maxEpochs };
      if (begun.maxEpochs === maxEpochs) return { ...frozen(), schedule, lastEpoch: begun.from + epochsFineTune };
      throw new PtychonautError("usage", "fine-tuning has begun, so max_epochs cannot change any more", {
        expected: String(begun.maxEpochs),
        got: String(maxEpochs),
        fix: "raise epochs_fine_tune, or go on from an earlier checkpoint",
      });
    },
    after({ kind }, state) {
      if (epochsFineTune === 0 || state.fineTuning !== null || !mayFineTune(kind)) return undefined;
      const { specs } = frozen().models;
      const rate = schedule.rate(schedule.init());
      return {
        state: beginFineTuning(state, {
          ...{ from: setup.main.models.specs, to: specs, schedule, maxEpochs },
          model: (weights) => modelWeights(optimizer, weights),
        }),
        note: `fine-tuning after epoch ${state.epoch}: the encoder is frozen, ${countTrainable(specs)} of ${countTrainable(setup.main.models.specs)} parameters learn on, learning rate ${rate.toPrecision(3)}`,
      };
    },
  };
}
