import { alone, type Communicator, sumsOf } from "../communicator.ts";
import { counted } from "../printable.ts";
import { Random } from "../random.ts";
import type { ModelWeights } from "./averagedWeights.ts";
import { type CheckpointPolicy, type KeptCheckpoint, select } from "./checkpointPolicy.ts";
import { isBetter, observe, shouldStop } from "./earlyStopping.ts";
import type { Weights } from "./parameterStore.ts";
import type { Schedule } from "./schedules.ts";
import {
  type EpochRecord,
  type EpochSums,
  noSums,
  type RateChange,
  rateFactor,
  type TrainingState,
} from "./trainingState.ts";
import type { Losses, StepBatch, StepReport, TrainingStep } from "./trainingStep.ts";

/** Where batches come from. */
export interface TrainingBatches {
  /** Batches in an epoch of this process. */
  readonly count: number;
  /** An epoch's batches, in the order that `random` gives, without the first `skip`. */
  epoch(random: Random, skip: number): AsyncIterable<StepBatch>;
}

export interface TrainerOptions {
  readonly step: TrainingStep;
  /** The model in the weights, which is kept of the best epoch (`modelWeights`). */
  readonly model: (weights: Weights) => ModelWeights;
  readonly batches: TrainingBatches;
  /** The held-back batches, always in the same order; absent without validation data. */
  readonly validation?: () => AsyncIterable<StepBatch>;
  readonly schedule: Schedule;
  /**
   * Asked before each epoch, from 1: the learning rate that it and those after it are to have instead, and the one so far; nothing
   * where it stays. All processes are to be told the same.
   */
  readonly rates?: (epoch: number) => Promise<Omit<RateChange, "epoch"> | undefined>;
  readonly maxEpochs: number;
  /** Batches whose gradients make one optimiser step. The last step of an epoch takes what is left. */
  readonly accumSteps: number;
  readonly checkpoints: CheckpointPolicy;
  /** What decides which epoch is best; validation falls back to training without validation data. */
  readonly monitor: "val_loss" | "train_loss";
  /** Epochs without improvement after which to stop. */
  readonly patience: number;
  /** A fresh state, or that of a checkpoint. */
  readonly start: TrainingState;
  /** Stops after the optimiser step under way; of several processes all do when one is asked to. */
  readonly signal?: AbortSignal;
  /** The processes that train together. Default: this one alone. */
  readonly communicator?: Communicator;
  /** Milliseconds from any origin. */
  readonly now?: () => number;
}

export type OutcomeKind = "completed" | "early-stopped" | "stalled" | "interrupted" | "not-finite" | "diverged";

/** How a run ended. Numerical trouble is one of the ways, not an exception. */
export interface Outcome {
  readonly kind: OutcomeKind;
  readonly message: string;
}

export type TrainingEvent =
  | {
      readonly kind: "step";
      readonly epoch: number;
      /** Batches done and to do in this epoch. */
      readonly batch: number;
      readonly batches: number;
      readonly learningRate: number;
      readonly report: StepReport;
      /**
       * Continues after this step; if that was not finite, after the one before. Brings the weights to the host, as views
       * like those of `epoch`, so ask only where the state is used.
       */
      readonly current: () => Promise<TrainingState>;
    }
  | {
      readonly kind: "epoch";
      readonly record: EpochRecord;
      /** Continues after this epoch. Weights are views: write them before asking for the next event. */
      readonly state: TrainingState;
      readonly isBest: boolean;
      /** Whether this epoch's checkpoint stays, and which earlier ones go. */
      readonly keep: boolean;
      readonly dropped: readonly KeptCheckpoint[];
    }
  | { readonly kind: "done"; readonly outcome: Outcome; readonly state: TrainingState };

/** A run counts as stalled when this many epochs brought less than this relative improvement. */
const STALL = { epochs: 5, improvement: 0.01 };
/** … and as diverged when the loss of two epochs in a row is this many times the best epoch's. */
const DIVERGENCE = 10;

/**
 * The training loop. Whoever consumes the events decides about files, logs and progress; the loop only computes.
 * The last event is `done`.
 */
export async function* train(options: TrainerOptions): AsyncGenerator<TrainingEvent, void, void> {
  const { step, schedule, maxEpochs } = options;
  let state = options.start;
  step.load(state.weights);
  const done = async (outcome: Outcome): Promise<TrainingEvent> => {
    state = { ...state, weights: await step.read() };
    return { kind: "done", outcome, state };
  };
  while (state.epoch < maxEpochs) {
    if (shouldStop(state.earlyStopping, options.patience)) return yield await done(earlyStopped(state, options));
    // Within an epoch the rate stays, so that it can be said by epochs.
    const rate = state.batch === 0 ? await options.rates?.(state.epoch + 1) : undefined;
    if (rate !== undefined) state = { ...state, rates: [...(state.rates ?? []), { epoch: state.epoch + 1, ...rate }] };
    const epoch = epochSteps(options, state, rateOf(schedule, state));
    for (let next = await epoch.next(); ; next = await epoch.next()) {
      state = next.value.state;
      if (next.done === true) break;
      yield next.value.event;
      if (!next.value.event.report.finite) return yield await done(notFinite(state));
      if (await mustStop(options)) return yield await done(interrupted(state));
    }
    const { event, nextState } = await finishEpoch(options, state);
    const valid = event.record.validationLoss;
    if (valid !== null && !Number.isFinite(valid)) return yield await done(notFinite(state, "validation"));
    state = nextState;
    yield event;
    if (diverged(state.history)) return yield await done(divergence(state));
    if (await mustStop(options)) return yield await done(interrupted(state));
  }
  yield await done(finished(state));
}

async function mustStop({ signal, communicator = alone }: TrainerOptions): Promise<boolean> {
  const [asked] = await sumsOf(communicator, [signal?.aborted === true ? 1 : 0]);
  return asked > 0;
}

const rateOf = (schedule: Schedule, state: TrainingState): number =>
  schedule.rate(state.schedule) * rateFactor(state.rates);

type StepEvent = Extract<TrainingEvent, { kind: "step" }>;

/**
 * The steps of one epoch, or of what is left of it. Yields after each and returns the state after the last. The weights are
 * `step`'s to keep; those of the states are out of date.
 */
async function* epochSteps(
  { step, batches, accumSteps, now = () => performance.now() }: TrainerOptions,
  start: TrainingState,
  learningRate: number,
): AsyncGenerator<{ event: StepEvent; state: TrainingState }, { state: TrainingState }, void> {
  let state = start;
  let before = now();
  const source = batches.epoch(Random.restore(start.random), start.batch);
  for await (const several of inGroups(source, accumSteps)) {
    const report = await step.run(several, learningRate, state.step + 1);
    const after = now();
    if (report.finite) {
      state = {
        ...state,
        batch: state.batch + several.length,
        step: state.step + 1,
        sums: addReport(state.sums, report, (after - before) / 1000),
      };
    }
    before = after;
    const reached = state;
    const { epoch, batch } = reached;
    const current = async (): Promise<TrainingState> => ({ ...reached, weights: await step.read() });
    const event = {
      kind: "step",
      epoch: epoch + 1,
      batch,
      batches: batches.count,
      learningRate,
      report,
      current,
    } as const;
    yield { event, state };
  }
  return { state };
}

async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[], void, void> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function addReport(sums: EpochSums, report: StepReport, seconds: number): EpochSums {
  const measures = Object.entries(report.measures).map(([name, value]) => [
    name,
    (sums.measures[name] ?? 0) + value * report.samples,
  ]);
  return {
    samples: sums.samples + report.samples,
    loss: sums.loss + report.loss * report.samples,
    measures: Object.fromEntries(measures),
    gradientNormBefore: sums.gradientNormBefore + report.gradientNormBefore,
    gradientNormAfter: sums.gradientNormAfter + report.gradientNormAfter,
    steps: sums.steps + 1,
    seconds: sums.seconds + seconds,
  };
}

/** Validates, and moves schedule, early stopping and the choice of checkpoints one epoch on. */
async function finishEpoch(
  options: TrainerOptions,
  state: TrainingState,
): Promise<{ event: Extract<TrainingEvent, { kind: "epoch" }>; nextState: TrainingState }> {
  const { step, schedule, checkpoints, now = () => performance.now() } = options;
  const before = now();
  const validation = options.validation === undefined ? undefined : await step.evaluate(options.validation());
  const record = recordOf(state, validation, rateOf(schedule, state), (now() - before) / 1000);
  const value = monitored(options.monitor, record);
  const isBest = state.best === null || isBetter(checkpoints.mode, value, state.best.value);
  const { kept, keep, dropped } = select(checkpoints, state.kept, { epoch: record.epoch, value });
  const weights = await step.read();
  const best = isBest ? { epoch: record.epoch, value, ...copied(options.model(weights)) } : state.best;
  const nextState: TrainingState = {
    fineTuning: state.fineTuning,
    epoch: record.epoch,
    batch: 0,
    step: state.step,
    random: afterEpoch(state.random),
    sums: noSums,
    schedule: schedule.next(state.schedule, checkpoints.mode === "min" ? value : -value),
    ...(state.rates === undefined ? {} : { rates: state.rates }),
    earlyStopping: observe(state.earlyStopping, value, checkpoints.mode),
    kept,
    history: [...state.history, record],
    weights,
    best,
  };
  return { event: { kind: "epoch", record, state: nextState, isBest, keep, dropped }, nextState };
}

/** The best weights outlive the step's buffers, so they are a copy. */
const copied = ({ parameters, state }: ModelWeights): ModelWeights => ({
  parameters: parameters.slice(),
  state: state.slice(),
});

/** Each epoch has its own stream, whatever its predecessors drew from theirs. */
function afterEpoch(random: readonly number[]): readonly number[] {
  const stream = Random.restore(random);
  stream.uint32();
  return stream.fork().save();
}

function recordOf(
  { epoch, step, sums }: TrainingState,
  validation: Losses | undefined,
  learningRate: number,
  validationSeconds: number,
): EpochRecord {
  const means = Object.entries(sums.measures).map(([name, total]) => [name, total / sums.samples]);
  return {
    epoch: epoch + 1,
    step,
    trainLoss: sums.loss / sums.samples,
    train: Object.fromEntries(means),
    validationLoss: validation?.loss ?? null,
    validation: validation?.measures ?? {},
    learningRate,
    gradientNormBefore: sums.gradientNormBefore / sums.steps,
    gradientNormAfter: sums.gradientNormAfter / sums.steps,
    seconds: sums.seconds + validationSeconds,
  };
}

function monitored(monitor: "val_loss" | "train_loss", record: EpochRecord): number {
  return monitor === "val_loss" ? (record.validationLoss ?? record.trainLoss) : record.trainLoss;
}

function diverged(history: readonly EpochRecord[]): boolean {
  const best = Math.min(...history.map(({ trainLoss }) => trainLoss));
  return best > 0 && history.length > 2 && history.slice(-2).every(({ trainLoss }) => trainLoss > DIVERGENCE * best);
}

const notFinite = (state: TrainingState, of: "training" | "validation" = "training"): Outcome => ({
  kind: "not-finite",
  message: `${
    of === "training"
      ? `the loss stopped being a number at step ${state.step + 1} (epoch ${state.epoch + 1}); the weights from before it are kept`
      : `the validation loss is no number after step ${state.step} (epoch ${state.epoch + 1})`
  }. Lower learning_rate, or clip gradients (gradient_clip_val 1)`,
});

const divergence = (state: TrainingState): Outcome => ({
  kind: "diverged",
  message: `the loss of epochs ${state.epoch - 1} and ${state.epoch} is more than ${DIVERGENCE} times the best; the best weights are kept. Lower learning_rate, or clip gradients (gradient_clip_val 1)`,
});

const interrupted = (state: TrainingState): Outcome => ({
  kind: "interrupted",
  message: `stopped in epoch ${state.epoch + 1} after step ${state.step}`,
});

const earlyStopped = (state: TrainingState, { patience }: TrainerOptions): Outcome => ({
  kind: "early-stopped",
  message: `stopped after epoch ${state.epoch}: ${counted(patience, "epoch")} without improvement`,
});

function finished(state: TrainingState): Outcome {
  const { history } = state;
  const first = history[0]?.trainLoss ?? 0;
  const best = Math.min(...history.map(({ trainLoss }) => trainLoss));
  if (history.length >= STALL.epochs && best > first * (1 - STALL.improvement)) {
    return {
      kind: "stalled",
      message: `${history.length} epochs changed the loss by less than ${100 * STALL.improvement} %: check probe, positions and dose (ptychonaut inspect), or change learning_rate`,
    };
  }
  return { kind: "completed", message: `completed ${counted(state.epoch, "epoch")}` };
}
