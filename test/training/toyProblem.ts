import type { Clipping } from "../../src/graph/clipping.ts";
import { add, square, sub } from "../../src/graph/ops/elementwise.ts";
import { matmul } from "../../src/graph/ops/linear.ts";
import { mean } from "../../src/graph/ops/reduce.ts";
import { adam, type Optimizer } from "../../src/graph/optimizers.ts";
import { initialise, type Parameters } from "../../src/nets/parameters.ts";
import { Random } from "../../src/random.ts";
import { modelWeights } from "../../src/training/averagedWeights.ts";
import { packWeights, type Weights } from "../../src/training/parameterStore.ts";
import { createSchedule, type ScheduleOptions } from "../../src/training/schedules.ts";
import { buildStepModels, type Objective, type StepModels } from "../../src/training/stepModels.ts";
import { createTrainingStep } from "../../src/training/steps.ts";
import type { TrainerOptions, TrainingBatches } from "../../src/training/trainer.ts";
import { freshState, type TrainingState } from "../../src/training/trainingState.ts";
import type { StepBatch, TrainingStep } from "../../src/training/trainingStep.ts";
import { normals, testRuntime } from "../evaluate.ts";

/** A linear regression with a running mean as untrained state: all that a training step has to handle, in milliseconds. */
export const BATCH = 4;
const INPUTS = 3;
const OUTPUTS = 2;

export function toyObjective(parameters: Parameters, batch: number = BATCH): Objective {
  const { graph } = parameters;
  const x = graph.input("x", [batch, INPUTS]);
  const y = graph.input("y", [batch, OUTPUTS]);
  const normal = (shape: readonly number[], random: Random): Float32Array =>
    normals(
      random,
      shape.reduce((a, b) => a * b, 1),
    );
  const w = parameters.within("layer", () => parameters.trainable("weight", [INPUTS, OUTPUTS], normal));
  const b = parameters.trainable("bias", [OUTPUTS], normal);
  const seen = parameters.state("seen", [OUTPUTS], (shape) => new Float32Array(shape[0]));
  const predicted = add(matmul(x, w), b);
  if (parameters.training) parameters.update("seen", add(seen, mean(predicted, { axes: [0] })));
  const loss = mean(square(sub(predicted, y)), { axes: [1] });
  return { loss, measures: { root: mean(predicted, { axes: [1] }) } };
}

export function toyModels(optimizer: Optimizer, clipping?: Clipping, batch: number = BATCH): StepModels {
  const build = (parameters: Parameters): Objective => toyObjective(parameters, batch);
  return buildStepModels(build, { optimizer, ...(clipping === undefined ? {} : { clipping }) });
}

export function toyStart(models: StepModels, optimizer: Optimizer): Weights {
  return packWeights(models.specs, initialise(models.specs, new Random(1)), optimizer.moments.length);
}

export function toyBatch(random: Random, samples: number = BATCH): StepBatch {
  const x = normals(random, BATCH * INPUTS);
  const y = Float32Array.from({ length: BATCH * OUTPUTS }, (_, i) => {
    const row = Math.floor(i / OUTPUTS) * INPUTS;
    return x[row] - 2 * x[row + 1] + (i % 2) * x[row + 2] + 0.5;
  });
  const sampleWeights = Float32Array.from({ length: BATCH }, (_, i) => (i < samples ? 1 : 0));
  return { inputs: { x: { data: x, shape: [BATCH, INPUTS] }, y: { data: y, shape: [BATCH, OUTPUTS] } }, sampleWeights };
}

export const toyBatches: TrainingBatches = {
  count: 5,
  async *epoch(random, skip) {
    for (let i = 0; i < 5; i++) {
      const batch = toyBatch(random, i === 4 ? 2 : BATCH);
      if (i >= skip) yield batch;
    }
  },
};

export const scheduleDefaults: ScheduleOptions = {
  learningRate: 0.05,
  maxEpochs: 20,
  exponentialGamma: 0.95,
  multistageMilestones: [10, 15],
  multistageFactor: 0.1,
  plateauFactor: 0.5,
  plateauPatience: 2,
  plateauMinLr: 5e-5,
  plateauThreshold: 0,
  lrWarmupEpochs: 0,
  lrMinRatio: 0.1,
};

export async function toyTrainer(
  changes: Partial<TrainerOptions> = {},
  optimizer: Optimizer = adam(),
): Promise<TrainerOptions & { step: TrainingStep; models: StepModels; start: TrainingState }> {
  const models = toyModels(optimizer);
  const weights = toyStart(models, optimizer);
  const accumSteps = changes.accumSteps ?? 1;
  const form = accumSteps === 1 ? "fused" : "split";
  const schedule = changes.schedule ?? createSchedule("Exponential", scheduleDefaults);
  return {
    models,
    step: await createTrainingStep({ runtime: testRuntime, models, optimizer, start: weights, form }),
    model: (weights) => modelWeights(optimizer, weights),
    batches: toyBatches,
    validation: async function* () {
      yield toyBatch(new Random(77));
    },
    schedule,
    maxEpochs: 4,
    accumSteps,
    checkpoints: { saveTopK: 1, mode: "min" },
    monitor: "val_loss",
    patience: 100,
    now: () => 0,
    ...changes,
    start: changes.start ?? freshState(weights, new Random(8).save(), schedule.init()),
  };
}
