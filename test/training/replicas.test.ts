import { expect, it } from "vitest";
import { adam } from "../../src/graph/optimizers.ts";
import { replicaGradients } from "../../src/node/workers/replicas.ts";
import { Random } from "../../src/random.ts";
import type { Weights } from "../../src/training/parameterStore.ts";
import { createTrainingStep } from "../../src/training/steps.ts";
import type { GradientSource } from "../../src/training/trainingStep.ts";
import { maxDeviation, testRuntime } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { BATCH, toyBatch, toyModels, toyStart } from "./toyProblem.ts";

async function threeSteps(gradients?: GradientSource): Promise<{ weights: Weights; losses: number[] }> {
  const optimizer = adam();
  const models = toyModels(optimizer);
  const step = await createTrainingStep({
    runtime: testRuntime,
    models,
    optimizer,
    start: toyStart(models, optimizer),
    form: "split",
    ...(gradients === undefined ? {} : { gradients }),
  });
  const random = new Random(2);
  const losses: number[] = [];
  for (let i = 1; i <= 3; i++) losses.push((await step.run([toyBatch(random), toyBatch(random, 3)], 0.05, i)).loss);
  const weights = await step.read();
  await step.dispose();
  return { weights, losses };
}

const twoReplicas = (): Promise<GradientSource> =>
  replicaGradients({ model: toyModels(adam(), undefined, BATCH / 2), replicas: 2, batchPerReplica: BATCH / 2 });

it("two replicas take the steps of one session, and twice the same ones", async () => {
  const one = await threeSteps();
  const two = await threeSteps(await twoReplicas());
  expect(maxDeviation(two.weights.parameters, one.weights.parameters)).toBeLessThan(tolerances.splitStep);
  expect(maxDeviation(two.losses, one.losses)).toBeLessThan(tolerances.splitStep);
  const again = await threeSteps(await twoReplicas());
  expect(again.weights.parameters).toEqual(two.weights.parameters);
});

it("three replicas share a batch of four, the last with a filler", async () => {
  const source = await replicaGradients({ model: toyModels(adam(), undefined, 2), replicas: 3, batchPerReplica: 2 });
  const shared = await threeSteps(source);
  const one = await threeSteps();
  expect(maxDeviation(shared.weights.parameters, one.weights.parameters)).toBeLessThan(tolerances.splitStep);
});
