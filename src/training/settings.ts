import type { ExecutionConfig } from "../config/executionConfig.ts";
import type { TrainingConfig } from "../config/trainingConfig.ts";
import type { Clipping } from "../graph/clipping.ts";
import { adam, adamw, averaging, type Optimizer, sgd } from "../graph/optimizers.ts";
import { createSchedule, type Schedule } from "./schedules.ts";

/** The parts of a training that settings name. */

export function optimizerOf(training: TrainingConfig): Optimizer {
  const steps = steppingOf(training);
  return training.emaDecay === 0 ? steps : averaging(steps, training.emaDecay);
}

function steppingOf(training: TrainingConfig): Optimizer {
  const { beta1, beta2, momentum, weightDecay } = training;
  switch (training.optimizer) {
    case "adam":
      return adam({ beta1, beta2, weightDecay });
    case "adamw":
      return adamw({ beta1, beta2, weightDecay });
    case "sgd":
      return sgd({ momentum, nesterov: momentum > 0, weightDecay });
  }
}

export function clippingOf(execution: ExecutionConfig): Clipping | undefined {
  const { gradientClipVal: limit, gradientClipAlgorithm: algorithm } = execution;
  return limit === null ? undefined : { algorithm, limit };
}

/** Fine-tuning has one rate: a part of the learning rate that was set. */
export function fineTuningScheduleOf(training: TrainingConfig, { learningRate }: ExecutionConfig): Schedule {
  return createSchedule("Default", { ...training, learningRate: learningRate * training.fineTuneGamma });
}

export function scheduleOf(training: TrainingConfig, { scheduler, learningRate }: ExecutionConfig): Schedule {
  return createSchedule(scheduler, { ...training, learningRate });
}
