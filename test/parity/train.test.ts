import { expect, it } from "vitest";
import { Graph } from "../../src/graph/tensor.ts";
import { Parameters, type ParameterValues } from "../../src/nets/parameters.ts";
import { packWeights, trainableLayout, unpackWeights, views } from "../../src/training/parameterStore.ts";
import { buildStepModels, SAMPLE_WEIGHTS, type StepModels, trainingGraph } from "../../src/training/stepModels.ts";
import { createTrainingStep } from "../../src/training/steps.ts";
import { evaluate, maxDeviation, norm, testRuntime } from "../evaluate.ts";
import { describeFixtures } from "../fixtures.ts";
import { program64 } from "../float64.ts";
import { tolerances } from "../tolerances.ts";
import { ExactTraining } from "./exactTraining.ts";
import { amplitudeOf } from "./referenceTraining.ts";
import {
  batchOf,
  feedsOf,
  Outliers,
  PATIENCE_MS,
  relative,
  STEPS,
  type StoredTraining,
  startValues,
  storedTrainings,
  upstream,
} from "./storedTrainings.ts";

/**
 * The fixtures' trainings in float32: gradients of all of them, and five steps of those of which the fixtures' README asks
 * that loss and distances agree roughly. Those that it calls well-conditioned are followed in `trainExact.test.ts`.
 */
const trained = tolerances.referenceTraining;

describeFixtures("train", (fixture) => {
  it("gives the reference's predictions at the start", async () => {
    for (const training of storedTrainings(fixture)) await comparePredictions(training, fixture.arrays.get);
  });
});

for (const kind of ["train", "train_variants"]) {
  describeFixtures(kind, (fixture) => {
    const trainings = storedTrainings(fixture).map((training) => [training.name, training] as const);
    if (trainings.length === 0) it.skip("the file has no training", () => {});
    it.each(trainings)(
      "has the reference's gradients, and steps: %s",
      async (_name, training) => {
        const models = modelsOf(training);
        const start = await startValues(training, models.specs);
        await compareGradients(training, models, start);
        if (!training.wellConditioned) await compareSteps(training, models, start);
      },
      PATIENCE_MS,
    );
  });
}

async function comparePredictions(
  training: StoredTraining,
  stored: (key: string) => { readonly data: ArrayLike<number> },
): Promise<void> {
  const parameters = new Parameters(new Graph(), { training: false });
  const { patches, prediction } = training.problem.build(parameters);
  const values = await startValues(training, parameters.specs);
  const outputs = { prediction, amplitude: amplitudeOf(patches) };
  const out = await evaluate(outputs, { ...feedsOf(training.problem), ...values });
  expect(maxDeviation(out.prediction, stored("pred0").data)).toBeLessThan(trained.prediction);
  expect(maxDeviation(out.amplitude, stored("amp0").data)).toBeLessThan(trained.prediction);
}

/**
 * Each stored gradient within a tolerance, or where a float64 evaluation of the same graph is further off than that, within
 * three times what that one is off: the stored numbers' own rounding.
 */
async function compareGradients(training: StoredTraining, models: StepModels, start: ParameterValues): Promise<void> {
  const scale = training.get("s_init");
  if (scale !== undefined) expect(start["physics.s1"][0] / scale[0]).toBeCloseTo(1, 5);
  const distances = gradientDistances(training, await gradientsAt(models, training, start));
  expect(distances.size).toBeGreaterThan(0);
  const off = [...distances].filter(([, distance]) => !(distance < trained.gradient));
  if (off.length === 0) return;
  const exact = gradientDistances(training, await exactGradients(training, start));
  for (const [what, distance] of off) {
    const rounding = exact.get(what)!;
    expect(distance, `${what}, where float64 is off by ${rounding}`).toBeLessThan(trained.unsteady * rounding);
  }
}

/** Relative distances of gradients from everything that was stored of them, by what it is. */
function gradientDistances(
  training: StoredTraining,
  gradients: Readonly<Record<string, ArrayLike<number>>>,
): Map<string, number> {
  const distances = new Map<string, number>();
  const total = training.get("grad_total_norm");
  if (total !== undefined) distances.set("total norm", relative(norm(Object.values(gradients).map(norm)), total[0]));
  for (const [name, gradient] of Object.entries(gradients)) {
    const stored = training.get(`grad.${upstream(name)}`);
    if (stored !== undefined) {
      const difference = norm(stored.map((value, i) => gradient[i] - value));
      distances.set(`gradient of ${name}`, difference / (norm(stored) || 1));
    }
    const storedNorm = training.get(`gradnorm.${upstream(name)}`);
    if (storedNorm !== undefined) distances.set(`gradient norm of ${name}`, relative(norm(gradient), storedNorm[0]));
  }
  return distances;
}

async function exactGradients(
  { problem, variant: { optimizer } }: StoredTraining,
  start: ParameterValues,
): Promise<Record<string, Float64Array>> {
  const { gradient, specs } = trainingGraph(problem.build, { optimizer });
  const program = await program64(gradient);
  const weights = new Float64Array(problem.batch).fill(1 / problem.batch);
  const results = await program.run({ ...feedsOf(problem), ...start, [SAMPLE_WEIGHTS]: weights });
  await program.dispose();
  return Object.fromEntries(specs.map(({ name }) => [name, results[`grad/${name}`]]));
}

async function gradientsAt(
  models: StepModels,
  { problem: { batch, inputs } }: StoredTraining,
  start: ParameterValues,
): Promise<Record<string, Float32Array>> {
  const session = await testRuntime.load(models.gradient);
  const sampleWeights = { data: new Float32Array(batch).fill(1 / batch), shape: [batch] };
  const { parameters } = packWeights(models.specs, start, 0);
  const out = await session.run({ ...inputs, sampleWeights, ...views(trainableLayout(models.specs), parameters) });
  await session.dispose();
  return Object.fromEntries(models.specs.map(({ name }) => [name, out[`grad/${name}`].data as Float32Array]));
}

async function compareSteps(training: StoredTraining, models: StepModels, start: ParameterValues): Promise<void> {
  const { losses, after } = await takeSteps(training, models, start);
  const outliers = new Outliers(trained.firstStep);
  for (const [name, values] of Object.entries(after[0])) {
    const stored = training.get(`p1.${upstream(name)}`);
    if (stored !== undefined) outliers.add(values, stored);
  }
  expect(outliers.part, "parameters after the first step").toBeLessThan(trained.outliers);
  let run: Promise<ExactRun> | undefined;
  const exactly = (): Promise<ExactRun> => (run ??= exactRun(training));
  await compareLosses(training, losses, exactly);
  await compareDistances(training, distances(start, after.at(-1)!), exactly);
}

/**
 * The losses, against what was stored. Five free steps in float32 may leave the reference's path on any kernels
 * (`trainExact.test.ts` says why); where they do, float64 must keep to it.
 */
async function compareLosses(
  training: StoredTraining,
  losses: readonly number[],
  exactly: () => Promise<ExactRun>,
): Promise<void> {
  const misses = (found: readonly number[]): number[] =>
    found.flatMap((loss, i) => (relative(loss, training.losses[i]) < lossLimit(training.name, i) ? [] : [i]));
  const missed = misses(losses);
  expect(missed, "the loss of given weights").not.toContain(0);
  if (missed.length > 0) expect(misses((await exactly()).losses), "losses that float64 misses").toEqual([]);
}

/** @returns losses before each step and after the last, and the parameters after each step */
async function takeSteps(
  training: StoredTraining,
  models: StepModels,
  values: ParameterValues,
): Promise<{ losses: number[]; after: ParameterValues[] }> {
  const { optimizer, learningRate } = training.variant;
  const start = packWeights(models.specs, values, optimizer.moments.length);
  const step = await createTrainingStep({ runtime: testRuntime, models, optimizer, start, form: "fused" });
  const batch = batchOf(training);
  const losses: number[] = [];
  const after: ParameterValues[] = [];
  for (let i = 1; i <= STEPS; i++) {
    losses.push((await step.run([batch], learningRate, i)).loss);
    const now = unpackWeights(models.specs, await step.read());
    after.push(Object.fromEntries(Object.entries(now).map(([name, data]) => [name, data.slice()])));
  }
  const last = await step.evaluate(
    (async function* () {
      yield batch;
    })(),
  );
  await step.dispose();
  return { losses: [...losses, last.loss], after };
}

/**
 * How far each tensor went, against what was stored. A tensor may be off in the measure that a float64 evaluation is off,
 * too: that is then how far the rounding of the stored one went.
 */
async function compareDistances(
  training: StoredTraining,
  got: Readonly<Record<string, number>>,
  exactly: () => Promise<ExactRun>,
): Promise<void> {
  const stored = Object.keys(got).flatMap((name) => {
    const moved = training.get(`dnorm5.${upstream(name)}`);
    return moved === undefined ? [] : [[name, moved[0]] as const];
  });
  if (stored.length === 0) return;
  const total = norm(stored.map(([name]) => got[name]));
  expect(relative(total, norm(stored.map(([, moved]) => moved))), "distance moved").toBeLessThan(trained.distance);
  const off = stored.filter(([name, moved]) => !(relative(got[name], moved) < trained.distance));
  if (off.length === 0) return;
  const exact = (await exactly()).moved;
  for (const [name, moved] of off) {
    const rounding = relative(exact[name], moved);
    const message = `distance that ${name} moved, where float64 is off by ${rounding}`;
    expect(relative(got[name], moved), message).toBeLessThan(trained.unsteady * rounding);
  }
}

/** The same steps in float64. */
interface ExactRun {
  readonly losses: readonly number[];
  /** How far each tensor went. */
  readonly moved: Readonly<Record<string, number>>;
}

async function exactRun(training: StoredTraining): Promise<ExactRun> {
  const exact = await ExactTraining.begin(training);
  const start = unpackWeights(exact.specs, exact.weights);
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) losses.push(await exact.step());
  const moved = distances(start, Object.fromEntries(exact.specs.map(({ name }) => [name, exact.parameter(name)])));
  losses.push(await exact.step());
  await exact.dispose();
  return { losses, moved };
}

const distances = (from: ParameterValues, to: Readonly<Record<string, ArrayLike<number>>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(from).map(([name, values]) => [name, norm(values.map((value, i) => to[name][i] - value))]),
  );

function lossLimit(name: string, i: number): number {
  if (name === "mmap_poisson") return trained.noisyLoss;
  if (i === 0) return trained.firstLoss;
  return i < 3 ? trained.earlyLoss : trained.lateLoss;
}

function modelsOf({ problem, variant: { optimizer, clipping } }: StoredTraining): StepModels {
  return buildStepModels(problem.build, { optimizer, ...(clipping === undefined ? {} : { clipping }) });
}
