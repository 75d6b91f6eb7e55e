import { expect, it } from "vitest";
import type { RealArray } from "../../src/arrays.ts";
import { buildModel } from "../../src/graph/onnx/model.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { type ParameterSpec, Parameters, type ParameterValues } from "../../src/nets/parameters.ts";
import { referenceName } from "../../src/nets/referenceNames.ts";
import { valuesFromReference } from "../../src/nets/referenceWeights.ts";
import { packWeights, trainableLayout, unpackWeights, views } from "../../src/training/parameterStore.ts";
import { buildStepModels, type StepModels } from "../../src/training/stepModels.ts";
import { createTrainingStep, type StepBatch } from "../../src/training/steps.ts";
import { evaluate, maxDeviation, norm, testRuntime } from "../evaluate.ts";
import { describeFixtures, type FixtureArrays, fixtureArrays, fixturesOfKind } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";
import {
  amplitudeOf,
  calibration,
  type ReferenceInit,
  type ReferenceProblem,
  referenceProblem,
  type Variant,
  variants,
} from "./referenceTraining.ts";

const STEPS = 5;
const trained = tolerances.referenceTraining;

/** Upstream name of one of our parameters. */
const upstream = (name: string): string =>
  name.startsWith("physics.")
    ? `forward_model.rect_scaler.${name.slice("physics.".length)}`
    : `autoencoder.${referenceName(name)}`;

/** What the fixtures' README expects to be followed up to step 5; of the others it asks for less. */
const wellConditioned = (name: string, channels: number): boolean =>
  ["poisson", "mae", "mmap_mae", "ci"].includes(name) || (name === "ci_calibrated" && channels === 1);

/** Well-conditioned trainings, and those of them that left the reference's path. */
const followed: string[] = [];
const departed: string[] = [];

/**
 * Trainings of which a float64 evaluation, too, moves single tensors otherwise than the stored ones: by 202 % in
 * `mae_l2match`, 5.6 % in `clipnorm`. Of these the distance of all tensors together is compared.
 */
const chaotic: readonly string[] = ["mae_l2match", "clipnorm"];

interface Reproduced {
  readonly losses: readonly number[];
  /** Before and after 1, 3, 5 steps, by our names. */
  readonly parameters: ReadonlyMap<number, Record<string, Float32Array>>;
  readonly gradients: Record<string, Float32Array>;
  readonly start: ParameterValues;
  readonly specs: readonly ParameterSpec[];
}

async function reproduce(init: ReferenceInit, variant: Variant): Promise<Reproduced> {
  const problem = referenceProblem(init, variant);
  const { optimizer, clipping } = variant;
  const models = buildStepModels(problem.build, { optimizer, ...(clipping === undefined ? {} : { clipping }) });
  const start = await startValues(init, variant, problem, models.specs);
  const weights = packWeights(models.specs, start, optimizer.moments.length);
  const batch: StepBatch = { inputs: problem.inputs, sampleWeights: new Float32Array(problem.batch).fill(1) };
  const step = await createTrainingStep({ runtime: testRuntime, models, optimizer, start: weights, form: "fused" });
  const losses: number[] = [];
  const parameters = new Map<number, Record<string, Float32Array>>();
  for (let i = 1; i <= STEPS; i++) {
    losses.push((await step.run([batch], variant.learningRate, i)).loss);
    const now = unpackWeights(models.specs, step.weights);
    parameters.set(i, Object.fromEntries(Object.entries(now).map(([name, values]) => [name, values.slice()])));
  }
  const after = await step.evaluate(
    (async function* () {
      yield batch;
    })(),
  );
  await step.dispose();
  const gradients = await gradientsAt(models, problem, start);
  return { losses: [...losses, after.loss], parameters, gradients, start, specs: models.specs };
}

async function gradientsAt(models: StepModels, { batch, inputs }: ReferenceProblem, start: ParameterValues) {
  const session = await testRuntime.load(models.gradient);
  const sampleWeights = { data: new Float32Array(batch).fill(1 / batch), shape: [batch] };
  const weights = packWeights(models.specs, start, 0);
  const out = await session.run({
    ...inputs,
    sampleWeights,
    ...views(trainableLayout(models.specs), weights.parameters),
  });
  await session.dispose();
  return Object.fromEntries(models.specs.map(({ name }) => [name, out[`grad/${name}`]!.data as Float32Array]));
}

async function startValues(
  { arrays }: ReferenceInit,
  variant: Variant,
  problem: ReferenceProblem,
  specs: readonly ParameterSpec[],
): Promise<ParameterValues> {
  const network = specs.filter(({ name }) => !name.startsWith("physics."));
  const stored = arrays.keys.filter((key) => key.startsWith("sd.autoencoder."));
  const values = {
    ...valuesFromReference(new Map(stored.map((key) => [key, floats(arrays, key)])), network, "init"),
  };
  if (variant.loss !== "ci") return values;
  for (const s of ["s1", "s2"]) values[`physics.${s}`] = floats(arrays, `sd.forward_model.rect_scaler.${s}`).data;
  if (!variant.calibrated) return values;
  const parameters = new Parameters(new Graph(), { training: false });
  const { measures } = problem.build(parameters);
  const { rates } = await evaluate({ rates: measures["meanRate"]! }, { ...feedsOf(problem), ...values });
  const scale = Float32Array.of(calibration(arrays, rates.reduce((a, b) => a + b, 0) / rates.length));
  return { ...values, "physics.s1": scale, "physics.s2": scale };
}

const feedsOf = ({ inputs }: ReferenceProblem): Record<string, Float32Array> =>
  Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data]));

const floats = (arrays: FixtureArrays, key: string): RealArray => {
  const { shape, data } = arrays.get(key);
  return { shape, data: Float32Array.from(data) };
};

/** Compares with the arrays `PREFIX…` of a fixture. */
function compare(name: string, prefix: string, arrays: FixtureArrays, got: Reproduced, channels: number): void {
  const get = (key: string): Float32Array | undefined =>
    arrays.has(prefix + key) ? floats(arrays, prefix + key).data : undefined;
  const expected = arrays.get(`${prefix}loss`).data;
  let compared = 0;
  const moves: { own: string; got: number; expected: number }[] = [];
  const deviations: Record<1 | 3 | 5, { far: number; all: number }> = { 1: none(), 3: none(), 5: none() };
  for (const { name: own } of got.specs) {
    const theirs = upstream(own);
    const gradient = get(`grad.${theirs}`);
    if (gradient !== undefined) {
      const difference = got.gradients[own]!.map((g, i) => g - gradient[i]!);
      expect(norm(difference) / (norm(gradient) || 1), `gradient of ${own}`).toBeLessThan(trained.gradient);
      compared++;
    }
    const gradientNorm = get(`gradnorm.${theirs}`);
    if (gradientNorm !== undefined) {
      expect(relative(norm(got.gradients[own]!), gradientNorm[0]!), `gradient norm of ${own}`).toBeLessThan(
        trained.gradientNorm,
      );
      compared++;
    }
    for (const step of [1, 3, 5] as const) {
      const parameter = get(`p${step}.${theirs}`);
      if (parameter === undefined) continue;
      const limit = step === 1 ? trained.firstStep : trained.parameter;
      const values = got.parameters.get(step)![own]!;
      for (const [i, value] of parameter.entries()) if (Math.abs(values[i]! - value) > limit) deviations[step].far++;
      deviations[step].all += parameter.length;
    }
    const moved = get(`dnorm5.${theirs}`);
    if (moved !== undefined) {
      const change = got.parameters.get(5)![own]!.map((value, i) => value - got.start[own]![i]!);
      moves.push({ own, got: norm(change), expected: moved[0]! });
    }
  }
  expect(compared).toBeGreaterThan(0);
  expect(far(deviations[1]), "parameters after the first step").toBeLessThan(trained.outliers);
  const lossError = (i: number): number => Math.abs(got.losses[i]! / expected[i]! - 1);
  const steps = Array.from({ length: STEPS + 1 }, (_, i) => i);
  const good = wellConditioned(name, channels);
  const follows =
    steps.every((i) => lossError(i) < trained.loss) &&
    ([3, 5] as const).every((i) => far(deviations[i]) < trained.outliers);
  if (good) (follows ? followed : departed).push(`${name} C${channels}`);
  for (const i of steps) expect(lossError(i), `loss ${i}`).toBeLessThan(lossLimit(name, good, i));
  const total = (of: "got" | "expected"): number => norm(moves.map((move) => move[of]));
  if (moves.length > 0)
    expect(relative(total("got"), total("expected")), "distance moved").toBeLessThan(trained.distance);
  if (chaotic.includes(name) || (good && !follows)) return;
  for (const move of moves) {
    expect(relative(move.got, move.expected), `distance that ${move.own} moved`).toBeLessThan(trained.distance);
  }
}

/** Limits that hold even where a path is left; whether it is followed is counted. */
function lossLimit(name: string, good: boolean, i: number): number {
  if (name === "mmap_poisson") return trained.noisyLoss;
  if (i === 0) return trained.firstLoss;
  return i < (good ? 2 : 3) ? trained.earlyLoss : trained.lateLoss;
}

const far = ({ far: count, all }: { far: number; all: number }): number => count / Math.max(1, all);

/** A parameter that the loss does not see has a gradient of zero in both. */
const relative = (got: number, expected: number): number =>
  expected === 0 && got === 0 ? 0 : Math.abs(got / expected - 1);

const none = (): { far: number; all: number } => ({ far: 0, all: 0 });

function initOf(file: string): ReferenceInit {
  const init = fixturesOfKind("train_init").find((fixture) => fixture.file === file);
  if (init === undefined) throw new Error(`no fixture ${file}`);
  return { entry: init.entry, arrays: fixtureArrays(file) };
}

describeFixtures("train", ({ entry, arrays }) => {
  const name = String(entry["variant"]);
  const init = initOf(String(entry["init"]));

  it("gives the reference's predictions at the start", async () => {
    const variant = variants[name]!;
    const problem = referenceProblem(init, variant);
    const parameters = new Parameters(new Graph(), { training: false });
    const { patches, prediction } = problem.build(parameters);
    const values = await startValues(init, variant, problem, parameters.specs);
    const outputs = { prediction, amplitude: amplitudeOf(patches) };
    const out = await evaluate(outputs, { ...feedsOf(problem), ...values });
    expect(maxDeviation(out.prediction, arrays.get("pred0").data)).toBeLessThan(trained.prediction);
    expect(maxDeviation(out.amplitude, arrays.get("amp0").data)).toBeLessThan(trained.prediction);
    expect(buildModel({ outputs }).length).toBeGreaterThan(0);
  });

  it("takes the reference's steps", async () => {
    expect(variants[name], `variant ${name}`).toBeDefined();
    compare(name, "", arrays, await reproduce(init, variants[name]!), init.arrays.get("counts").shape[1]!);
  });
});

describeFixtures("train_variants", ({ entry, arrays }) => {
  const init = initOf(String(entry["init"]));
  const names = arrays.keys.filter((key) => key.endsWith(".loss")).map((key) => key.slice(0, -".loss".length));
  it.each(names)("%s", async (name) => {
    expect(variants[name], `variant ${name}`).toBeDefined();
    const got = await reproduce(init, variants[name]!);
    if (arrays.has(`${name}.s_init`)) {
      expect(got.start["physics.s1"]![0]! / arrays.scalar(`${name}.s_init`)).toBeCloseTo(1, 5);
    }
    if (arrays.has(`${name}.grad_total_norm`)) {
      const total = Math.sqrt(Object.values(got.gradients).reduce((sum, g) => sum + norm(g) ** 2, 0));
      expect(total / arrays.scalar(`${name}.grad_total_norm`)).toBeCloseTo(1, 4);
    }
    compare(name, `${name}.`, arrays, got, init.arrays.get("counts").shape[1]!);
  });
});

it("follows the reference to step 5 in nearly all trainings in which float32 can", ({ skip }) => {
  const all = followed.length + departed.length;
  if (all === 0) skip("no trainings were compared");
  expect(departed.length, departed.join(", ")).toBeLessThanOrEqual(Math.ceil(all * trained.departures));
});
