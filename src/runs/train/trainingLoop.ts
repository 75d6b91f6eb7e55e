import type { Communicator } from "../../communicator.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import type { ParameterSpec } from "../../nets/parameters.ts";
import { modelWeights } from "../../training/averagedWeights.ts";
import { unpackWeights } from "../../training/parameterStore.ts";
import { optimizerOf } from "../../training/settings.ts";
import { type Outcome, type TrainerOptions, train } from "../../training/trainer.ts";
import type { TrainingState } from "../../training/trainingState.ts";
import type { RunHooks } from "../hooks.ts";
import { metricColumns } from "../loggers/loggers.ts";
import type { MetricsLogger } from "../loggers/metricsLogger.ts";
import { silentProgress } from "../progress.ts";
import type { CheckpointFiles } from "./checkpointFiles.ts";
import { learningRates } from "./learningRates.ts";
import { epochLine, epochsOf } from "./trainingOutcome.ts";
import type { TrainingRun } from "./trainingRun.ts";
import { type Stage, trainingStages } from "./trainingStages.ts";

/** A loop that came to its end. */
export interface Finished {
  readonly outcome: Outcome;
  readonly state: TrainingState;
  /** Parameters in the layout of the state's vectors. */
  readonly specs: readonly ParameterSpec[];
  readonly files: readonly string[];
}

/** What is written while the loop runs. */
interface Records {
  readonly logger: MetricsLogger;
  readonly checkpoints: CheckpointFiles | undefined;
}

/** Runs the loop, stage by stage, and does what its events ask for: logs, checkpoints, pictures, progress. */
export async function follow(
  run: TrainingRun,
  start: TrainingState,
  { logger, checkpoints }: Records,
  payload: TrainingPayload,
  hooks: RunHooks,
  warn: (line: string) => void,
  ranks: Communicator,
): Promise<Finished> {
  const stages = trainingStages(run.setup, payload);
  const model = modelOf(payload);
  const perEpoch = run.batches.count;
  const done = (epoch: number, batch: number): number => epoch * perEpoch + batch;
  const progress = hooks.progress("training", epochsOf(payload) * perEpoch, done(start.epoch, start.batch));
  for (const record of start.history) hooks.watch?.row(metricColumns(record, payload.training.lossFunction));
  const rates = learningRates(start, payload, hooks, warn, ranks);
  const files = new Set<string>();
  let note = "";
  let seconds = 0;
  /** One stage to its end. */
  const runStage = async (stage: Stage, from: TrainingState): Promise<Pick<Finished, "outcome" | "state">> => {
    const step = await stage.compile(from.weights);
    try {
      for await (const event of train(trainerOptions(run, stage, step, from, rates, payload, hooks, ranks))) {
        if (event.kind === "step") {
          const { epoch, batch, report } = event;
          progress.update(done(epoch - 1, batch), `epoch ${epoch} loss ${report.loss.toPrecision(4)}${note}`);
          if (report.finite) await checkpoints?.saveWhenDue(event.current);
        } else if (event.kind === "epoch") {
          const { record, state } = event;
          note = record.validationLoss === null ? "" : ` val ${record.validationLoss.toPrecision(4)}`;
          if (progress === silentProgress) hooks.log(epochLine(record, epochsOf(payload)));
          const row = metricColumns(record, payload.training.lossFunction);
          await logger.log(row);
          hooks.watch?.row(row);
          const value = state.kept.find(({ epoch }) => epoch === record.epoch);
          await checkpoints?.save(state, event.keep ? value : undefined, event.dropped);
          seconds += record.seconds;
          const values = unpackWeights(stage.models.specs, model(state.weights));
          if (hooks.watch?.wantsPicture() === true)
            hooks.watch.picture({ epoch: record.epoch, ...(await run.pictures.object(values)) });
          if (run.pictures.due(record.epoch, seconds)) {
            for (const file of await run.pictures.draw(record.epoch, values)) files.add(file);
          }
        } else {
          if (event.outcome.kind === "interrupted") await checkpoints?.save(event.state);
          return { outcome: event.outcome, state: copied(event.state) };
        }
      }
      throw new Error("the training loop ended without an outcome");
    } finally {
      await step.dispose();
    }
  };
  try {
    for (let from = start; ; ) {
      const stage = stages.of(from);
      const { outcome, state } = await runStage(stage, from);
      const next = stages.after(outcome, state);
      if (next === undefined) {
        if (checkpoints !== undefined) files.add(checkpoints.last);
        // A bar showed steps; without one, every epoch had its line.
        const last = state.history.at(-1);
        progress.finish();
        if (progress !== silentProgress && last !== undefined) hooks.log(epochLine(last, epochsOf(payload)));
        return { outcome, state, specs: stage.models.specs, files: [...logger.files, ...files] };
      }
      hooks.log(next.note);
      from = next.state;
    }
  } finally {
    progress.finish();
  }
}

function modelOf({ training }: TrainingPayload): TrainerOptions["model"] {
  const optimizer = optimizerOf(training);
  return (weights) => modelWeights(optimizer, weights);
}

/** Weights of a finished loop are views of buffers that go away with the step. */
const copied = (state: TrainingState): TrainingState => structuredClone(state);

function trainerOptions(
  run: TrainingRun,
  { schedule, lastEpoch: maxEpochs }: Stage,
  step: TrainerOptions["step"],
  start: TrainingState,
  rates: NonNullable<TrainerOptions["rates"]>,
  payload: TrainingPayload,
  { signal }: RunHooks,
  communicator: Communicator,
): TrainerOptions {
  const { execution } = payload;
  return {
    step,
    model: modelOf(payload),
    batches: run.batches,
    ...(run.validate === undefined ? {} : { validation: run.validate }),
    ...{ schedule, rates, maxEpochs },
    accumSteps: execution.accumSteps,
    checkpoints: { saveTopK: execution.checkpointSaveTopK, mode: execution.checkpointMode },
    monitor: execution.checkpointMonitorMetric,
    patience: execution.earlyStopPatience,
    start,
    signal,
    communicator,
  };
}
