import type { TrainingPayload } from "../../config/payload.ts";
import type { StepBatch } from "../../training/trainingStep.ts";
import type { RunHooks } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { totalMemory } from "../memory.ts";
import { stopwatch } from "../stopwatch.ts";
import { initialWeights } from "../train/initialWeights.ts";
import { conclude } from "../train/train.ts";
import { checkpointWriter } from "../train/trainingCheckpoints.ts";
import { seedsOf } from "../train/trainingIdentity.ts";
import { openTrainingLog } from "../train/trainingLog.ts";
import { follow } from "../train/trainingLoop.ts";
import { epochsOf } from "../train/trainingOutcome.ts";
import { freshRun, prepareTraining, type TrainingRun } from "../train/trainingRun.ts";

/** What a training takes, from one that was cut short. Seconds. */
export interface TrainingRehearsal {
  readonly preparing: number;
  readonly compiling: number;
  /** Of training; where gradients are accumulated, the mean over those of a step. */
  readonly batch: number;
  readonly validationBatch: number;
  /** What comes after the steps of an epoch: checkpoint, log, pictures. */
  readonly epochEnd: number;
  readonly concluding: number;
  /** Bytes in memory, as the run estimates them. */
  readonly memory: number;
  /** In the whole training. */
  readonly epochs: number;
  readonly batchesPerEpoch: number;
  readonly validationBatches: number;
  /** Of training, here. */
  readonly batchesTried: number;
}

/** Steps are made for so long, and validation for a third of it, but so many at least. The first one allocates, and is not counted. */
const CALIBRATION_MS = 2000;
const LEAST_STEPS = 4;
const LEAST_VALIDATIONS = 2;

/**
 * A training from its beginning to its end, of one epoch of which only the first steps are made: the same code on the same
 * data, so that what it takes is what the training takes.
 */
export async function rehearseTraining(
  asked: TrainingPayload,
  hooks: RunHooks,
  home: Home,
): Promise<TrainingRehearsal> {
  const payload: TrainingPayload = {
    ...asked,
    training: { ...asked.training, maxEpochs: 1, epochsFineTune: 0, resume: null },
    execution: {
      ...asked.execution,
      // A log server is not told of a rehearsal.
      loggerBackend: asked.execution.loggerBackend === "mlflow" ? "csv" : asked.execution.loggerBackend,
    },
  };
  const startedAt = new Date();
  const lap = stopwatch();
  await home.store.claim(payload.outputDir);
  const runtime = await home.machine.runtime(payload.execution.accelerator);
  const seeds = seedsOf(payload);
  const initial = await initialWeights(payload, home);
  const data = { ...payload.data, subsampleSeed: seeds.grouping };
  const run = await prepareTraining({ ...payload, data }, runtime, seeds.run, initial, home, hooks.log);
  try {
    const state = await freshRun(run, payload, home.machine.ranks);
    const preparing = lap();
    const watched = watch(run, payload.execution.accumSteps);
    const logger = await openTrainingLog(
      undefined,
      payload,
      { state, resumed: false, seed: seeds.run, runtime: runtime.description, inputs: [] },
      home,
      { log: hooks.log, warn: hooks.warn },
    );
    const checkpoints = await checkpointWriter(run, undefined, payload, home, hooks.log);
    const { ranks } = home.machine;
    const finished = await follow(watched.run, state, { logger, checkpoints }, payload, hooks, hooks.warn, ranks);
    const looped = lap();
    await conclude(run, finished, payload, home, {
      ...{ startedAt, preparedAt: new Date(), seeds, runtime, resumed: false, warnings: [], warn: () => {} },
      log: () => {},
    });
    const { compiling, steps, validations } = watched.times();
    return {
      preparing,
      compiling,
      batch: meanOf(steps.slice(steps.length > payload.execution.accumSteps ? payload.execution.accumSteps : 0)),
      validationBatch: meanOf(validations),
      epochEnd: Math.max(0, looped - compiling - totalOf(steps) - totalOf(validations)),
      concluding: lap(),
      memory: totalMemory(run.memory),
      epochs: epochsOf(asked),
      batchesPerEpoch: run.batches.count,
      validationBatches: Math.ceil((run.prepared.validation?.groups.count ?? 0) / payload.training.batchSize),
      batchesTried: steps.length,
    };
  } finally {
    await run.close();
  }
}

const totalOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const meanOf = (values: readonly number[]): number => (values.length === 0 ? 0 : totalOf(values) / values.length);

interface Watched {
  readonly run: TrainingRun;
  times(): { readonly compiling: number; readonly steps: readonly number[]; readonly validations: readonly number[] };
}

/** A run whose epoch and whose validation end early, and that notes when its batches are asked for. */
function watch(run: TrainingRun, accumSteps: number): Watched {
  const since = stopwatch();
  const steps: number[] = [];
  const validations: number[] = [];
  let compiling = 0;
  async function* cut(source: AsyncIterable<StepBatch>, into: number[], least: number, ms: number) {
    // What comes before the first batch is somebody else's.
    const begun = performance.now();
    let before = begun;
    for await (const batch of source) {
      yield batch;
      const now = performance.now();
      into.push((now - before) / 1000);
      before = now;
      if (into.length >= least && now - begun > ms) return;
    }
  }
  const batches: TrainingRun["batches"] = {
    ...run.batches,
    epoch(random, skip) {
      compiling = since();
      return cut(run.batches.epoch(random, skip), steps, LEAST_STEPS * accumSteps, CALIBRATION_MS);
    },
  };
  const { validate } = run;
  return {
    run: {
      ...run,
      batches,
      validate: validate && (() => cut(validate(), validations, LEAST_VALIDATIONS, CALIBRATION_MS / 3)),
    },
    times: () => ({ compiling, steps, validations }),
  };
}
