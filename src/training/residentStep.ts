import { AVERAGE, type Optimizer } from "../graph/optimizers.ts";
import type { DeviceMemory, DeviceTensor, HostTensor, ResidentSession } from "../runtime/runtime.ts";
import { copyWeights, type Layout, stateLayout, trainableLayout, views, type Weights } from "./parameterStore.ts";
import { SAMPLE_WEIGHTS, type StepModels } from "./stepModels.ts";
import { lossValues, meanLosses, optimizerFeeds, sampleCount, stepReport, vector } from "./stepValues.ts";
import type { Losses, StepBatch, StepReport, TrainingStep, TrainingStepOptions } from "./trainingStep.ts";

/**
 * The fused form of a training step where the device has memory of its own: parameters, moments and state stay there from
 * step to step, and only batches, losses and norms travel. They come to the host when they are read.
 */
export async function residentStep(options: TrainingStepOptions, memory: DeviceMemory): Promise<TrainingStep> {
  const { models, optimizer, start, session } = options;
  const parts = partsOf(models, optimizer);
  const kept = parts.flatMap(({ layout, prefix }) => layout.slots.map(({ name }) => `${NEXT}${prefix}${name}`));
  const fused = await memory.load(models.fused, kept, session);
  return new ResidentStep(
    { models, optimizer, memory, parts },
    fused,
    await memory.load(models.evaluation, [], session),
    start,
  );
}

/** Prefix of the outputs that are the next step's inputs. */
const NEXT = "next/";

/** One of the vectors of `Weights`, as graphs see it. */
interface Part {
  readonly layout: Layout;
  readonly prefix: string;
  readonly of: (weights: Weights) => Float32Array;
}

function partsOf({ specs }: StepModels, optimizer: Optimizer): Part[] {
  const layout = trainableLayout(specs);
  const moments = optimizer.moments.map((name, i): Part => ({ layout, prefix: `${name}/`, of: (w) => w.moments[i] }));
  return [
    { layout, prefix: "", of: ({ parameters }) => parameters },
    { layout: stateLayout(specs), prefix: "", of: ({ state }) => state },
    ...moments,
  ];
}

interface Fixed {
  readonly models: StepModels;
  readonly optimizer: Optimizer;
  readonly memory: DeviceMemory;
  readonly parts: readonly Part[];
}

class ResidentStep implements TrainingStep {
  readonly #fixed: Fixed;
  readonly #fused: ResidentSession;
  readonly #evaluation: ResidentSession;
  /** By the names of graph inputs; empty until the first step leaves them there. */
  #device: Readonly<Record<string, DeviceTensor>> = {};
  /** The weights as they were loaded or last read. */
  #host: Weights;
  /** Whether a step has been taken since. */
  #stale = false;

  constructor(fixed: Fixed, fused: ResidentSession, evaluation: ResidentSession, start: Weights) {
    this.#fixed = fixed;
    this.#fused = fused;
    this.#evaluation = evaluation;
    this.#host = copyWeights(start);
  }

  async read(): Promise<Weights> {
    if (!this.#stale) return this.#host;
    const { memory, parts } = this.#fixed;
    const values = await memory.read(this.#device);
    for (const { layout, prefix, of } of parts) {
      const whole = of(this.#host);
      for (const { name, offset } of layout.slots) whole.set(values[prefix + name].data as Float32Array, offset);
    }
    this.#stale = false;
    return this.#host;
  }

  load(weights: Weights): void {
    this.#replace({});
    this.#host = copyWeights(weights);
    this.#stale = false;
  }

  async run(batches: readonly StepBatch[], learningRate: number, step: number): Promise<StepReport> {
    const { inputs, sampleWeights } = batches[0];
    const { models, optimizer } = this.#fixed;
    const samples = sampleCount(sampleWeights);
    const { host, device } = await this.#fused.run({
      ...inputs,
      ...this.#values(),
      ...optimizerFeeds(optimizer, learningRate, step),
      [SAMPLE_WEIGHTS]: vector(sampleWeights.map((weight) => weight / samples)),
    });
    const report = stepReport(models, lossValues(models, host), samples, host);
    if (report.finite) {
      this.#replace(
        Object.fromEntries(Object.entries(device).map(([name, tensor]) => [name.slice(NEXT.length), tensor])),
      );
      this.#stale = true;
    } else for (const tensor of Object.values(device)) tensor.dispose();
    return report;
  }

  evaluate(batches: AsyncIterable<StepBatch>): Promise<Losses & { samples: number }> {
    const values = this.#judged();
    return meanLosses(
      this.#fixed.models,
      batches,
      async (feeds) => (await this.#evaluation.run({ ...feeds, ...values })).host,
    );
  }

  async dispose(): Promise<void> {
    this.#replace({});
    await this.#fused.dispose();
    await this.#evaluation.dispose();
  }

  /** Everything that a step starts from, wherever it is. */
  #values(): Record<string, HostTensor | DeviceTensor> {
    const onHost = this.#fixed.parts.map(({ layout, prefix, of }) => views(layout, of(this.#host), prefix));
    return Object.assign({}, ...onHost, this.#device);
  }

  /** Likewise, with the mean of the parameters in their place where there is one (`modelWeights`). */
  #judged(): Record<string, HostTensor | DeviceTensor> {
    const values = this.#values();
    const { models, optimizer } = this.#fixed;
    if (!optimizer.moments.includes(AVERAGE)) return values;
    const names = trainableLayout(models.specs).slots.map(({ name }) => name);
    return { ...values, ...Object.fromEntries(names.map((name) => [name, values[`${AVERAGE}/${name}`]])) };
  }

  #replace(device: Readonly<Record<string, DeviceTensor>>): void {
    for (const tensor of Object.values(this.#device)) tensor.dispose();
    this.#device = device;
  }
}
