import { alone, type Communicator, mean, sumsOf } from "../communicator.ts";
import { PtychonautError } from "../errors.ts";
import type { Optimizer } from "../graph/optimizers.ts";
import type { HostTensor, Runtime, Session, SessionOptions } from "../runtime/runtime.ts";
import { type ModelWeights, modelWeights } from "./averagedWeights.ts";
import {
  copyWeights,
  type Layout,
  type ParameterShape,
  stateLayout,
  trainableLayout,
  views,
  type Weights,
} from "./parameterStore.ts";
import { residentStep } from "./residentStep.ts";
import { SAMPLE_WEIGHTS, type StepModels } from "./stepModels.ts";
import { lossNames, lossValues, meanLosses, optimizerFeeds, sampleCount, stepReport, vector } from "./stepValues.ts";
import type {
  GradientSource,
  Losses,
  StepBatch,
  StepReport,
  TrainingStep,
  TrainingStepOptions,
} from "./trainingStep.ts";

/** @throws PtychonautError "data" when the weights to start with are not those of these models and this optimiser */
export async function createTrainingStep(options: TrainingStepOptions): Promise<TrainingStep> {
  const { runtime, models, session } = options;
  checkWeights(options);
  if (options.form === "fused" && runtime.memory !== undefined) return residentStep(options, runtime.memory);
  const evaluation = await runtime.load(models.evaluation, session);
  const bringing = { ...session, bringsMemory: true };
  if (options.form === "fused") {
    return new FusedStep(options, await runtime.load(models.fused, bringing), evaluation);
  }
  const source = options.gradients ?? (await sessionGradients(runtime, models, session));
  return new SplitStep(options, source, await runtime.load(models.update, bringing), evaluation);
}

function checkWeights({ models: { specs }, optimizer, start }: TrainingStepOptions): void {
  const trained = trainableLayout(specs).length;
  const untrained = stateLayout(specs).length;
  const expected = [trained, untrained, ...optimizer.moments.map(() => trained)].join(", ");
  const got = [start.parameters, start.state, ...start.moments].map(({ length }) => length).join(", ");
  if (got === expected) return;
  throw new PtychonautError("data", "the weights to start with are not those of this network and optimiser", {
    expected: `vectors of ${expected} numbers`,
    got,
    fix: "resume from a checkpoint of this run",
  });
}

/** What both forms share: two sets of vectors, one read and one written by a step, which then swap. */
abstract class StepBase {
  readonly models: StepModels;
  readonly optimizer: Optimizer;
  readonly trainable: Layout;
  readonly untrained: Layout;
  #current: Weights;
  #next: Weights;
  readonly #evaluation: Session;
  protected readonly communicator: Communicator;

  constructor({ models, optimizer, start, communicator = alone }: TrainingStepOptions, evaluation: Session) {
    this.models = models;
    this.communicator = communicator;
    this.optimizer = optimizer;
    this.trainable = trainableLayout(models.specs);
    this.untrained = stateLayout(models.specs);
    this.#current = copyWeights(start);
    this.#next = copyWeights(start);
    this.#evaluation = evaluation;
  }

  /** The weights as they are now. */
  protected get current(): Weights {
    return this.#current;
  }

  read(): Promise<Weights> {
    return Promise.resolve(this.#current);
  }

  load(weights: Weights): void {
    this.#current = copyWeights(weights);
    this.#next = copyWeights(weights);
  }

  evaluate(batches: AsyncIterable<StepBatch>): Promise<Losses & { samples: number }> {
    const values = this.values(modelWeights(this.optimizer, this.#current));
    const run = (feeds: Record<string, HostTensor>) => this.#evaluation.run({ ...feeds, ...values });
    return meanLosses(this.models, batches, run, this.communicator);
  }

  /** Parameters and untrained state as feeds. */
  protected values({ parameters, state }: ModelWeights = this.#current): Record<string, HostTensor> {
    return { ...views(this.trainable, parameters), ...views(this.untrained, state) };
  }

  protected moments(): Record<string, HostTensor> {
    return Object.assign(
      {},
      ...this.optimizer.moments.map((name, i) => views(this.trainable, this.#current.moments[i], `${name}/`)),
    );
  }

  /** Where new parameters and moments go. */
  protected updated(): Record<string, HostTensor> {
    const next = views(this.trainable, this.#next.parameters, "next/");
    for (const [i, name] of this.optimizer.moments.entries()) {
      Object.assign(next, views(this.trainable, this.#next.moments[i], `next/${name}/`));
    }
    return next;
  }

  protected get nextState(): Float32Array {
    return this.#next.state;
  }

  /** Takes the new weights over, unless the numbers went bad. */
  protected finish(values: Float64Array, samples: number, norms: Readonly<Record<string, HostTensor>>): StepReport {
    const report = stepReport(this.models, values, samples, norms);
    if (report.finite) [this.#current, this.#next] = [this.#next, this.#current];
    return report;
  }

  async dispose(): Promise<void> {
    await this.#evaluation.dispose();
  }
}

class FusedStep extends StepBase implements TrainingStep {
  readonly #session: Session;

  constructor(options: TrainingStepOptions, session: Session, evaluation: Session) {
    super(options, evaluation);
    this.#session = session;
  }

  async run(batches: readonly StepBatch[], learningRate: number, step: number): Promise<StepReport> {
    const { inputs, sampleWeights } = batches[0];
    const samples = sampleCount(sampleWeights);
    const feeds = {
      ...inputs,
      ...this.values(),
      ...this.moments(),
      ...optimizerFeeds(this.optimizer, learningRate, step),
      [SAMPLE_WEIGHTS]: vector(sampleWeights.map((weight) => weight / samples)),
    };
    const into = { ...this.updated(), ...views(this.untrained, this.nextState, "next/") };
    const out = await this.#session.run(feeds, undefined, withScalars(this.#session, into));
    return this.finish(lossValues(this.models, out), samples, out);
  }

  override async dispose(): Promise<void> {
    await this.#session.dispose();
    await super.dispose();
  }
}

class SplitStep extends StepBase implements TrainingStep {
  readonly #source: GradientSource;
  readonly #update: Session;
  /** `[gradients…, loss, measures…]`: one vector, so that one exchange serves all. */
  readonly #total: Float32Array;

  constructor(options: TrainingStepOptions, source: GradientSource, update: Session, evaluation: Session) {
    super(options, evaluation);
    this.#source = source;
    this.#update = update;
    this.#total = new Float32Array(this.trainable.length + 1 + this.models.measures.length);
  }

  async run(batches: readonly StepBatch[], learningRate: number, step: number): Promise<StepReport> {
    const own = batches.reduce((total, batch) => total + sampleCount(batch.sampleWeights), 0);
    const [samples] = await sumsOf(this.communicator, [own]);
    const scaled = batches.map(({ inputs, sampleWeights }) => ({
      inputs,
      sampleWeights: sampleWeights.map((weight) => weight / samples),
    }));
    this.#total.fill(0);
    await this.#source.accumulate(scaled, this.current, this.#total, this.nextState);
    await this.communicator.sum(this.#total);
    // Running statistics differ between processes by the samples they saw; all go on with the mean.
    if (this.nextState.length > 0) await mean(this.communicator, this.nextState);
    const feeds = {
      ...views(this.trainable, this.#total, "grad/"),
      ...views(this.trainable, this.current.parameters),
      ...this.moments(),
      ...optimizerFeeds(this.optimizer, learningRate, step),
    };
    const out = await this.#update.run(feeds, undefined, withScalars(this.#update, this.updated()));
    return this.finish(Float64Array.from(this.#total.subarray(this.trainable.length)), samples, out);
  }

  override async dispose(): Promise<void> {
    await this.#source.dispose();
    await this.#update.dispose();
    await super.dispose();
  }
}

/** Memory for all outputs of a session: those that are not there yet are single numbers. */
function withScalars({ outputNames }: Session, into: Record<string, HostTensor>): Record<string, HostTensor> {
  const scalars = outputNames.filter((name) => into[name] === undefined);
  return { ...Object.fromEntries(scalars.map((name) => [name, { data: new Float32Array(1), shape: [] }])), ...into };
}

/** The part of the step models that computes gradients; plain data, so that it can be sent to another thread. */
export interface GradientModel {
  readonly specs: readonly ParameterShape[];
  readonly measures: readonly string[];
  readonly gradient: Uint8Array;
}

/** Gradients from one session of a runtime. */
export async function sessionGradients(
  runtime: Runtime,
  models: GradientModel,
  options?: SessionOptions,
): Promise<GradientSource> {
  const session = await runtime.load(models.gradient, { ...options, bringsMemory: true });
  const trainable = trainableLayout(models.specs);
  const untrained = stateLayout(models.specs);
  const names = lossNames(models);
  const gradient = new Float32Array(trainable.length);
  const into = views(trainable, gradient, "grad/");
  return {
    async accumulate(batches, { parameters, state }, total, nextState) {
      let before = state;
      for (const { inputs, sampleWeights } of batches) {
        const feeds = {
          ...inputs,
          ...views(trainable, parameters),
          ...views(untrained, before),
          [SAMPLE_WEIGHTS]: vector(sampleWeights),
        };
        const after = before.slice();
        const memory = withScalars(session, { ...into, ...views(untrained, after, "next/") });
        const out = await session.run(feeds, undefined, memory);
        for (let i = 0; i < gradient.length; i++) total[i] += gradient[i];
        for (const [i, name] of names.entries()) total[gradient.length + i] += Number(out[name].data[0]);
        before = after;
      }
      nextState.set(before);
    },
    dispose: () => session.dispose(),
  };
}
