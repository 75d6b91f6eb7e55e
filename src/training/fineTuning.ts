import type { ModelWeights } from "./averagedWeights.ts";
import { earlyStoppingStart } from "./earlyStopping.ts";
import type { ParameterShape, Weights } from "./parameterStore.ts";
import { relaidWeights } from "./parameterStore.ts";
import type { Schedule } from "./schedules.ts";
import type { OutcomeKind } from "./trainer.ts";
import type { TrainingState } from "./trainingState.ts";

/** How the epochs before fine-tuning may have ended for it to follow. */
const sound: readonly OutcomeKind[] = ["completed", "early-stopped", "stalled"];

export const mayFineTune = (outcome: OutcomeKind): boolean => sound.includes(outcome);

/**
 * The state in which fine-tuning begins, in the layout of the models that freeze the encoder. Weights and the moments of
 * what goes on learning are carried over, as is the count of optimiser steps; schedule and early stopping start afresh.
 * Where training keeps a running mean of its weights, that is what is carried over: the frozen part stays as it was judged.
 * @param from parameters of the epochs before, in their layout
 * @param to the same parameters, some of which are frozen now
 * @param maxEpochs of the epochs before, as set: it cannot change any more
 */
export function beginFineTuning(
  state: TrainingState,
  {
    from,
    to,
    model,
    schedule,
    maxEpochs,
  }: {
    readonly from: readonly ParameterShape[];
    readonly to: readonly ParameterShape[];
    readonly model: (weights: Weights) => ModelWeights;
    readonly schedule: Schedule;
    readonly maxEpochs: number;
  },
): TrainingState {
  const { best } = state;
  return {
    ...state,
    fineTuning: { from: state.epoch, maxEpochs },
    schedule: schedule.init(),
    earlyStopping: earlyStoppingStart,
    weights: relaidWeights({ ...state.weights, ...model(state.weights) }, from, to),
    best: best && { ...best, ...relaidBest(best, from, to) },
  };
}

function relaidBest(
  { parameters, state }: NonNullable<TrainingState["best"]>,
  from: readonly ParameterShape[],
  to: readonly ParameterShape[],
): Pick<NonNullable<TrainingState["best"]>, "parameters" | "state"> {
  const weights = relaidWeights({ parameters, state, moments: [] }, from, to);
  return { parameters: weights.parameters, state: weights.state };
}
