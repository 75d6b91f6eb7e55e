import { describe, expect, it } from "vitest";
import { adam, averaging } from "../../src/graph/optimizers.ts";
import { Random } from "../../src/random.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { writeCheckpoint } from "../../src/training/checkpoint.ts";
import type { Weights } from "../../src/training/parameterStore.ts";
import { createTrainingStep } from "../../src/training/steps.ts";
import { type TrainerOptions, type TrainingEvent, train } from "../../src/training/trainer.ts";
import type { TrainingState } from "../../src/training/trainingState.ts";
import type { StepBatch, StepReport, TrainingStep } from "../../src/training/trainingStep.ts";
import { maxDeviation, testRuntime } from "../evaluate.ts";
import { softwareGpu } from "../runtime/softwareGpu.ts";
import { tolerances } from "../tolerances.ts";
import { toyBatch, toyModels, toyStart, toyTrainer } from "./toyProblem.ts";
import { TrackedMemory } from "./trackedMemory.ts";

const gpu = await softwareGpu();
if (typeof gpu === "string") console.warn(`GPU tests are skipped: ${gpu}`);

const optimizer = adam();
const random = new Random(11);
const batches = Array.from({ length: 5 }, () => toyBatch(random));

const withMemory = (memory: TrackedMemory): Runtime => ({ ...testRuntime, memory });

function stepOn(runtime: Runtime, of = optimizer): Promise<TrainingStep> {
  const models = toyModels(of);
  return createTrainingStep({ runtime, models, optimizer: of, start: toyStart(models, of), form: "fused" });
}

interface Followed {
  readonly reports: StepReport[];
  readonly weights: Weights;
  readonly held: number;
}

async function follow(step: TrainingStep, steps: readonly StepBatch[] = batches): Promise<Followed> {
  const reports: StepReport[] = [];
  for (const [i, batch] of steps.entries()) reports.push(await step.run([batch], 0.05, i + 1));
  const { loss: held } = await step.evaluate(
    (async function* () {
      yield batches[0];
    })(),
  );
  const weights = structuredClone(await step.read());
  await step.dispose();
  return { reports, weights, held };
}

const unreadable = (): StepBatch => {
  const bad = toyBatch(new Random(6));
  (bad.inputs["x"].data as Float32Array)[0] = Number.NaN;
  return bad;
};

describe("a fused step with its weights in the device's memory", () => {
  it("takes the steps of one with its weights on the host, bit for bit", async () => {
    const memory = new TrackedMemory(testRuntime);
    expect(await follow(await stepOn(withMemory(memory)))).toEqual(await follow(await stepOn(testRuntime)));
    expect(memory.reads).toBe(1);
    expect(memory.alive.size).toBe(0);
  });

  it("keeps and judges the running mean of the weights there too", async () => {
    const memory = new TrackedMemory(testRuntime);
    const averaged = averaging(adam(), 0.5);
    const resident = await follow(await stepOn(withMemory(memory), averaged));
    expect(resident).toEqual(await follow(await stepOn(testRuntime, averaged)));
    expect(resident.held).not.toBe((await follow(await stepOn(testRuntime))).held);
    expect(memory.alive.size).toBe(0);
  });

  it("keeps the weights from before a step that is not finite", async () => {
    const memory = new TrackedMemory(testRuntime);
    const good = await follow(await stepOn(withMemory(memory)), [batches[0]]);
    const broken = await follow(await stepOn(withMemory(memory)), [batches[0], unreadable()]);
    expect(broken.reports.map(({ finite }) => finite)).toEqual([true, false]);
    expect(broken.weights).toEqual(good.weights);
    expect(broken.held).toBe(good.held);
    expect(memory.alive.size).toBe(0);
  });

  it("keeps them, too, when the first step is not finite", async () => {
    const memory = new TrackedMemory(testRuntime);
    const { weights } = await follow(await stepOn(withMemory(memory)), [unreadable()]);
    expect(weights).toEqual(toyStart(toyModels(optimizer), optimizer));
    expect(memory.reads).toBe(0);
  });

  it("goes on from weights that are loaded", async () => {
    const memory = new TrackedMemory(testRuntime);
    const step = await stepOn(withMemory(memory));
    await step.run([batches[3]], 0.05, 1);
    step.load(toyStart(toyModels(optimizer), optimizer));
    expect(memory.alive.size).toBe(0);
    expect(await follow(step)).toEqual(await follow(await stepOn(testRuntime)));
  });
});

const EPOCHS = 3;

async function consume(options: TrainerOptions, onEvent?: (event: TrainingEvent) => void): Promise<TrainingState> {
  for await (const event of train(options)) {
    onEvent?.(event);
    if (event.kind !== "done") continue;
    const state = structuredClone(event.state);
    await options.step.dispose();
    return state;
  }
  throw new Error("the last event is done");
}

const bytes = (state: TrainingState): Uint8Array => writeCheckpoint(state, {});

describe("the training loop on a device with memory of its own", () => {
  it("brings the weights to the host once an epoch", async () => {
    const memory = new TrackedMemory(testRuntime);
    const step = await stepOn(withMemory(memory));
    const state = await consume(await toyTrainer({ step, maxEpochs: EPOCHS }));
    expect(memory.reads).toBe(EPOCHS);
    expect(bytes(state)).toEqual(bytes(await consume(await toyTrainer({ maxEpochs: EPOCHS }))));
    expect(memory.alive.size).toBe(0);
  });

  it("ends with the weights of the last step when it is interrupted in the middle of an epoch", async () => {
    const stopped = async (changes: Partial<TrainerOptions>): Promise<TrainingState> => {
      const controller = new AbortController();
      let steps = 0;
      return consume(await toyTrainer({ ...changes, signal: controller.signal }), (event) => {
        if (event.kind === "step" && ++steps === 7) controller.abort();
      });
    };
    const memory = new TrackedMemory(testRuntime);
    const state = await stopped({ step: await stepOn(withMemory(memory)) });
    expect(state.batch).toBe(2);
    expect(bytes(state)).toEqual(bytes(await stopped({})));
    expect(memory.reads).toBe(2);
  });
});

describe.skipIf(typeof gpu === "string")("on a software adapter", () => {
  it("takes the steps that the CPU takes", async () => {
    const expected = await follow(await stepOn(testRuntime));
    const found = await follow(await stepOn(gpu as Runtime));
    const numbers = ({ reports, held }: Followed): number[] => [
      ...reports.flatMap((report) => [report.loss, report.gradientNormBefore, report.measures["root"]]),
      held,
    ];
    expect(maxDeviation(numbers(found), numbers(expected))).toBeLessThan(tolerances.gpuTrainingSteps);
    const vectors = ({ weights }: Followed): Float32Array[] => [weights.parameters, ...weights.moments, weights.state];
    for (const [i, vector] of vectors(expected).entries()) {
      expect(maxDeviation(vectors(found)[i], vector)).toBeLessThan(tolerances.gpuTrainingSteps);
    }
  });

  it("keeps the weights from before a step that is not finite", async () => {
    const good = await follow(await stepOn(gpu as Runtime), [batches[0]]);
    const broken = await follow(await stepOn(gpu as Runtime), [batches[0], unreadable()]);
    expect(broken.reports[1].finite).toBe(false);
    expect(broken.weights).toEqual(good.weights);
  });
});
