import { describe, expect, it } from "vitest";
import { alone, type Communicator } from "../../src/communicator.ts";
import type { Clipping } from "../../src/graph/clipping.ts";
import { adam, adamw, averaging, type Optimizer, sgd } from "../../src/graph/optimizers.ts";
import { Random } from "../../src/random.ts";
import { unpackWeights, type Weights } from "../../src/training/parameterStore.ts";
import { createTrainingStep } from "../../src/training/steps.ts";
import type { StepBatch, StepReport } from "../../src/training/trainingStep.ts";
import { inOneProcess } from "../communicators.ts";
import { maxDeviation, testRuntime } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { BATCH, toyBatch, toyModels, toyStart } from "./toyProblem.ts";

interface Run {
  readonly weights: Weights;
  readonly reports: StepReport[];
}

async function run(
  form: "fused" | "split",
  optimizer: Optimizer,
  steps: readonly (readonly StepBatch[])[],
  options: { clipping?: Clipping; communicator?: Communicator } = {},
): Promise<Run> {
  const models = toyModels(optimizer, options.clipping);
  const { communicator } = options;
  const step = await createTrainingStep({
    runtime: testRuntime,
    models,
    optimizer,
    start: toyStart(models, optimizer),
    form,
    ...(communicator === undefined ? {} : { communicator }),
  });
  const reports: StepReport[] = [];
  for (const [i, batches] of steps.entries()) reports.push(await step.run(batches, 0.05, i + 1));
  const weights = await step.read();
  await step.dispose();
  return { weights, reports };
}

const random = new Random(4);
const batches = Array.from({ length: 6 }, () => toyBatch(random));

function expectSame(a: Run, b: Run): void {
  expect(maxDeviation(a.weights.parameters, b.weights.parameters)).toBeLessThan(tolerances.splitStep);
  for (const [i, moment] of a.weights.moments.entries()) {
    expect(maxDeviation(moment, b.weights.moments[i])).toBeLessThan(tolerances.splitStep);
  }
  expect(maxDeviation(a.weights.state, b.weights.state)).toBeLessThan(tolerances.splitStep);
  const losses = (run: Run): number[] => run.reports.flatMap((r) => [r.loss, r.measures["root"], r.samples]);
  expect(maxDeviation(losses(a), losses(b))).toBeLessThan(tolerances.splitStep);
}

describe("a training step in its two forms", () => {
  const single = batches.map((batch) => [batch]);
  it.each([
    ["Adam", adam(), undefined],
    ["AdamW, clipped by norm", adamw({ weightDecay: 0.1 }), { algorithm: "norm", limit: 0.3 }],
    [
      "SGD with Nesterov momentum, clipped by value",
      sgd({ momentum: 0.9, nesterov: true }),
      { algorithm: "value", limit: 0.2 },
    ],
    ["Adam with a running mean", averaging(adam(), 0.5), undefined],
    ["SGD, adaptive clipping", sgd(), { algorithm: "agc", limit: 0.01 }],
  ] as [string, Optimizer, Clipping | undefined][])("fused and split agree: %s", async (_name, optimizer, clipping) => {
    const options = clipping === undefined ? {} : { clipping };
    expectSame(await run("fused", optimizer, single, options), await run("split", optimizer, single, options));
  });

  it("the loss decreases", async () => {
    const { reports } = await run(
      "fused",
      adam(),
      Array.from({ length: 40 }, () => [batches[0]]),
    );
    expect(reports.at(-1)!.loss).toBeLessThan(0.2 * reports[0].loss);
  });
});

/** Rows of two batches in one: what accumulation and ranks have to reproduce. */
function mixed(first: StepBatch, second: StepBatch): StepBatch {
  const take = (name: string): Float32Array => {
    const [a, b] = [first.inputs[name].data as Float32Array, second.inputs[name].data as Float32Array];
    const half = a.length / 2;
    return Float32Array.from([...a.subarray(0, half), ...b.subarray(0, half)]);
  };
  const inputs = Object.fromEntries(
    Object.entries(first.inputs).map(([name, { shape }]) => [name, { data: take(name), shape }]),
  );
  return { inputs, sampleWeights: new Float32Array(BATCH).fill(1) };
}

const half = (batch: StepBatch): StepBatch => ({ ...batch, sampleWeights: Float32Array.of(1, 1, 0, 0) });

describe("sums over several batches are exact", () => {
  const whole = [mixed(batches[0], batches[1]), mixed(batches[2], batches[3])];
  const halves = [
    [half(batches[0]), half(batches[1])],
    [half(batches[2]), half(batches[3])],
  ];

  it("two half-filled batches accumulated are one full batch", async () => {
    const full = await run(
      "fused",
      adam(),
      whole.map((batch) => [batch]),
    );
    const parts = await run("split", adam(), halves);
    expect(maxDeviation(parts.weights.parameters, full.weights.parameters)).toBeLessThan(tolerances.splitStep);
    expect(parts.reports.map((r) => r.samples)).toEqual([4, 4]);
    expect(parts.reports[1].loss).toBeCloseTo(full.reports[1].loss, 5);
  });

  it("two processes with half of each batch take the step of one process", async () => {
    const ranks = inOneProcess(2);
    const [a, b] = await Promise.all(
      ranks.map((communicator, rank) =>
        run(
          "split",
          adam(),
          halves.map((pair) => [pair[rank]]),
          { communicator },
        ),
      ),
    );
    const full = await run(
      "fused",
      adam(),
      whole.map((batch) => [batch]),
    );
    expect(a.weights.parameters).toEqual(b.weights.parameters);
    expect(a.weights.state).toEqual(b.weights.state);
    expect(maxDeviation(a.weights.parameters, full.weights.parameters)).toBeLessThan(tolerances.splitStep);
  });
});

it("a step with numbers that are not finite says so and leaves the weights as they were", async () => {
  const bad = toyBatch(new Random(6));
  (bad.inputs["x"].data as Float32Array)[0] = Number.POSITIVE_INFINITY;
  for (const form of ["fused", "split"] as const) {
    const good = await run(form, adam(), [[batches[0]]]);
    const broken = await run(form, adam(), [[batches[0]], [bad]]);
    expect(broken.reports[1].finite).toBe(false);
    expect(broken.weights.parameters).toEqual(good.weights.parameters);
  }
});

it("evaluation is the mean over samples of all batches and changes nothing", async () => {
  const models = toyModels(adam());
  const start = toyStart(models, adam());
  const step = await createTrainingStep({ runtime: testRuntime, models, optimizer: adam(), start, form: "fused" });
  const held = [toyBatch(new Random(1)), toyBatch(new Random(2), 1)];
  const { loss, samples } = await step.evaluate(
    (async function* () {
      yield* held;
    })(),
  );
  const { "layer.weight": w, bias } = unpackWeights(models.specs, start) as Record<string, Float32Array>;
  let total = 0;
  for (const { inputs, sampleWeights } of held) {
    const [x, y] = [inputs["x"].data as Float32Array, inputs["y"].data as Float32Array];
    for (let b = 0; b < BATCH; b++) {
      for (let o = 0; o < 2; o++) {
        const predicted = [0, 1, 2].reduce((sum, i) => sum + x[3 * b + i] * w[2 * i + o], bias[o]);
        total += (sampleWeights[b] * (predicted - y[2 * b + o]) ** 2) / 2;
      }
    }
  }
  expect(samples).toBe(5);
  expect(loss).toBeCloseTo(total / 5, 5);
  expect((await step.read()).parameters).toEqual(start.parameters);
  await step.dispose();
});

it("two processes evaluate the mean over the samples of both", async () => {
  const models = toyModels(adam());
  const held = [toyBatch(new Random(1)), toyBatch(new Random(2), 1)];
  const evaluated = (own: readonly StepBatch[], communicator: Communicator) =>
    createTrainingStep({
      ...{ runtime: testRuntime, models, optimizer: adam(), start: toyStart(models, adam()) },
      ...{ form: "split", communicator },
    }).then((step) =>
      step.evaluate(
        (async function* () {
          yield* own;
        })(),
      ),
    );
  const [a, b] = await Promise.all(inOneProcess(2).map((rank, i) => evaluated([held[i]], rank)));
  const whole = await evaluated(held, alone);
  expect(a).toEqual(b);
  expect(a.samples).toBe(5);
  expect(a.loss).toBeCloseTo(whole.loss, 12);
});
