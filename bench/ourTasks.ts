import { parseSettings } from "../src/config/schema.ts";
import { shareSize } from "../src/data/batches.ts";
import { loadPredictor } from "../src/inference/predictor.ts";
import type { Parameters, ParameterValues } from "../src/nets/parameters.ts";
import { replicaGradients } from "../src/node/workers/replicas.ts";
import { farField } from "../src/physics/propagation/farField.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import { buildObjective } from "../src/training/objective.ts";
import { packWeights, unpackWeights } from "../src/training/parameterStore.ts";
import { optimizerOf } from "../src/training/settings.ts";
import { buildStepModels, type Objective, type StepModels, type StepOptions } from "../src/training/stepModels.ts";
import { createTrainingStep } from "../src/training/steps.ts";
import type { StepBatch } from "../src/training/trainingStep.ts";
import type { Learned } from "./contender.ts";
import type { Problem } from "./problem.ts";

/**
 * Small: Adam's first steps follow the signs of the gradients, and rounding decides about those near zero. At 1e-3 the
 * losses of two right programs part after two steps.
 */
const LEARNING_RATE = 1e-5;

/** Something to time: each call works on the next batch. */
export interface Task {
  /** Loss of a training step, or patches as interleaved complex numbers. */
  step(): Promise<number | Float32Array>;
  dispose(): Promise<void>;
}

/** How a training step is spread over threads: inside the operators of one session, or as replicas of one thread each. */
export type Form = "fused" | "replicas";

/** A training that goes on from epoch to epoch. */
export interface Learning {
  learn(epochs: number): Promise<Learned>;
  weights(): Promise<ParameterValues>;
  dispose(): Promise<void>;
}

/** A training step as `ptychonaut train` runs it, without reading data. */
export async function trainingTask(problem: Problem, runtime: Runtime, form: Form, threads: number): Promise<Task> {
  const training = { ...parseSettings("training"), multistageMilestones: [] };
  const optimizer = optimizerOf(training);
  const options: StepOptions = { optimizer, target: runtime.target };
  const models = (batch: number): StepModels => stepModels(problem, batch, options);
  const whole = models(problem.batch);
  const start = packWeights(whole.specs, problem.weights, optimizer.moments.length);
  const common = { runtime, models: whole, optimizer, start };
  const step =
    form === "fused"
      ? await createTrainingStep({ ...common, form })
      : await createTrainingStep({ ...common, form: "split", gradients: await replicas(problem, models, threads) });
  let done = 0;
  return {
    async step() {
      const batch = problem.batches[done++ % problem.batches.length];
      return (await step.run([batch], LEARNING_RATE, done)).loss;
    },
    dispose: () => step.dispose(),
  };
}

/** The training that the problem's epochs describe, with the fused step. */
export async function learningTask(problem: Problem, runtime: Runtime): Promise<Learning> {
  const training = { ...parseSettings("training"), multistageMilestones: [] };
  const optimizer = optimizerOf(training);
  const models = stepModels(problem, problem.batch, { optimizer, target: runtime.target });
  const start = packWeights(models.specs, problem.weights, optimizer.moments.length);
  const step = await createTrainingStep({ runtime, models, optimizer, start, form: "fused" });
  const images = problem.batches.map(({ inputs }) => inputs["images"].data as Float32Array);
  const { batch } = problem;
  const size = images[0].length / batch;
  const [first] = problem.batches;
  const gather = (indices: readonly number[]): StepBatch => {
    const data = new Float32Array(batch * size);
    for (const [to, i] of indices.entries()) {
      const from = (i % batch) * size;
      data.set(images[Math.floor(i / batch)].subarray(from, from + size), to * size);
    }
    return { ...first, inputs: { ...first.inputs, images: { ...first.inputs["images"], data } } };
  };
  let [epoch, done] = [0, 0];
  return {
    async learn(epochs) {
      const begin = performance.now();
      let firstLoss = Number.NaN;
      for (const { learningRate, order } of problem.epochs.slice(epoch, epoch + epochs)) {
        for (let at = 0; at < order.length; at += batch) {
          const { loss } = await step.run([gather(order.slice(at, at + batch))], learningRate, ++done);
          if (Number.isNaN(firstLoss)) firstLoss = loss;
        }
      }
      epoch += epochs;
      return { seconds: (performance.now() - begin) / 1000, firstLoss };
    },
    weights: async () => unpackWeights(models.specs, await step.read()),
    dispose: () => step.dispose(),
  };
}

/** Step models for batches of a size, all settings at their defaults. */
export function stepModels(problem: Problem, batch: number, options: StepOptions): StepModels {
  const { model, probe, canvasSide, scales } = problem;
  const losses = parseSettings("training");
  const build = (parameters: Parameters): Objective =>
    buildObjective(parameters, { model, batch, probe, propagator: farField, canvasSide, losses, scales: [scales] });
  return buildStepModels(build, options);
}

async function replicas(problem: Problem, models: (batch: number) => StepModels, count: number) {
  const share = shareSize(problem.batch, count);
  return replicaGradients({ model: models(share), replicas: count, batchPerReplica: share });
}

/** Prediction as `ptychonaut infer` runs it, from network input to complex patches. */
export async function inferenceTask(problem: Problem, runtime: Runtime): Promise<Task> {
  const predictor = await loadPredictor(runtime, problem.model, problem.weights, problem.batch);
  const batches = problem.batches.map(({ inputs }) => ({
    images: inputs["images"].data as Float32Array,
    frames: new Int32Array(0),
  }));
  let done = 0;
  return {
    step: async () => (await predictor.predict(batches[done++ % batches.length])).data,
    dispose: () => predictor.dispose(),
  };
}
