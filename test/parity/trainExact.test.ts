import { expect, it } from "vitest";
import type { ParameterValues } from "../../src/nets/parameters.ts";
import { cpuTarget } from "../../src/runtime/node/channelBlock.ts";
import { unpackWeights, type Weights } from "../../src/training/parameterStore.ts";
import { buildStepModels } from "../../src/training/stepModels.ts";
import { createTrainingStep } from "../../src/training/steps.ts";
import type { TrainingStep } from "../../src/training/trainingStep.ts";
import { norm, testRuntime } from "../evaluate.ts";
import { describeFixtures } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";
import { ExactTraining } from "./exactTraining.ts";
import {
  batchOf,
  Outliers,
  PATIENCE_MS,
  relative,
  STEPS,
  type StoredTraining,
  storedTrainings,
  upstream,
} from "./storedTrainings.ts";

/**
 * The well-conditioned trainings of the fixtures, in two parts that both have no exceptions:
 * - our graph of a step (network, physics, likelihood, gradient rules, optimiser), evaluated in float64, follows the
 *   reference to step 5;
 * - each of those steps, begun at the float64 weights, comes out of the product (float32, in the form that this
 *   processor's kernels want) as float64 has it.
 *
 * Five free steps in float32 are no such test. Adam moves every element by about the learning rate, whatever its gradient, so
 * one whose gradient is under the last digit of its tensor's root mean square (3e-7 of it in `ci` of one channel) goes up or
 * down by luck, and two pixels of a pooling window can agree to three units of the last place. After five steps an eighth to
 * two thirds of all elements are then off by more than 2e-5, and the loss by 1e-4 to 2e-2. Of these nine trainings
 * - float64 leaves the reference's path in none (losses agree to 2e-6);
 * - float32 with every operator's result exact and rounded once, to one of its two neighbours at random, in four of 27: in
 *   two of these along the very path that ONNX Runtime's portable kernels take (losses 1.7e-3 and 7.9e-4 off at the end);
 * - PyTorch's kernels (2.15, CPU) on our graph in three: `poisson`, `mae` and `ci_calibrated` of one channel;
 * - ONNX Runtime's kernels in two (portable: `mae` of four channels, `ci` of one) or six (blocked).
 * Which they are depends on the order of sums, so on the processor. No operator rounds more than it should: gradients are
 * float64's to 6e-7 (`mae`) … 7e-6 (`poisson`, median of tensors) with PyTorch's kernels and with ONNX Runtime's, and what
 * is off comes from the far field's products first, then from the convolutions of the forward pass.
 */
const trained = tolerances.referenceTraining;
const target = await cpuTarget(testRuntime);

for (const kind of ["train", "train_variants"]) {
  describeFixtures(kind, (fixture) => {
    const followed = storedTrainings(fixture).filter(({ wellConditioned }) => wellConditioned);
    if (followed.length === 0) it.skip("the entry calls no training well-conditioned", () => {});
    it.each(followed.map((training) => [training.name, training] as const))(
      "%s",
      async (_name, training) => {
        await follow(training);
      },
      PATIENCE_MS,
    );
  });
}

async function follow(training: StoredTraining): Promise<void> {
  const { variant, losses } = training;
  const exact = await ExactTraining.begin(training);
  const product = await productStep(training, exact);
  const batch = batchOf(training);
  const start = exact.weights;
  for (let i = 0; i < STEPS; i++) {
    product.load(exact.weights);
    const { loss } = await product.run([batch], variant.learningRate, i + 1);
    const exactLoss = await exact.step();
    expect(relative(exactLoss, losses[i]), `loss ${i} in float64`).toBeLessThan(trained.loss);
    expect(relative(loss, exactLoss), `loss ${i} in float32 from the same weights`).toBeLessThan(trained.firstLoss);
    compareParameters(training, exact, await product.read(), i + 1);
  }
  compareDistances(training, exact, unpackWeights(exact.specs, start));
  expect(relative(await exact.step(), losses[STEPS]), "last loss in float64").toBeLessThan(trained.loss);
  await product.dispose();
  await exact.dispose();
}

function productStep({ problem, variant }: StoredTraining, { weights }: ExactTraining): Promise<TrainingStep> {
  const { optimizer, clipping } = variant;
  const options = { optimizer, target, ...(clipping === undefined ? {} : { clipping }) };
  const models = buildStepModels(problem.build, options);
  return createTrainingStep({ runtime: testRuntime, models, optimizer, start: weights, form: "fused" });
}

function compareParameters(training: StoredTraining, exact: ExactTraining, weights: Weights, step: number): void {
  const limit = step === 1 ? trained.firstStep : trained.parameter;
  const fromStored = new Outliers(limit);
  const fromExact = new Outliers(trained.firstStep);
  const values = unpackWeights(exact.specs, weights);
  for (const { name } of exact.specs) {
    const stored = training.get(`p${step}.${upstream(name)}`);
    if (stored !== undefined) fromStored.add(exact.parameter(name), stored);
    fromExact.add(values[name], exact.parameter(name));
  }
  expect(fromStored.part, `parameters after step ${step} in float64`).toBeLessThan(trained.outliers);
  expect(fromExact.part, `parameters after step ${step} in float32`).toBeLessThan(trained.outliers);
}

/** How far each tensor went in five steps. */
function compareDistances(training: StoredTraining, exact: ExactTraining, start: ParameterValues): void {
  for (const { name } of exact.specs) {
    const stored = training.get(`dnorm5.${upstream(name)}`);
    if (stored === undefined) continue;
    const moved = norm(Float64Array.from(exact.parameter(name), (value, i) => value - start[name][i]));
    expect(relative(moved, stored[0]), `distance that ${name} moved`).toBeLessThan(trained.distance);
  }
}
