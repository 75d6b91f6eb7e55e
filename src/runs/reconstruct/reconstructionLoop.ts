import { type Communicator, madeByFirst } from "../../communicator.ts";
import type { ReconstructionPayload } from "../../config/payload.ts";
import { type Driven, drive } from "../../engines/driver.ts";
import type { DriverState, EpochRecord, SettingChange } from "../../engines/driverState.ts";
import { changedSteps, stepsOf, withChanges } from "../../engines/steps.ts";
import { wellCovered } from "../../inference/coverage.ts";
import type { RunHooks } from "../hooks.ts";
import type { MetricRow, MetricsLogger } from "../loggers/metricsLogger.ts";
import { plannedSteps } from "../plannedSteps.ts";
import { silentProgress } from "../progress.ts";
import { physicalEstimate } from "./physicalEstimate.ts";
import type { ReconstructionCheckpoints } from "./reconstructionCheckpoints.ts";
import type { ReconstructionPictures } from "./reconstructionPictures.ts";
import type { ReconstructionRun } from "./reconstructionRun.ts";

/** What is written while epochs go by. */
export interface Records {
  readonly logger: MetricsLogger;
  readonly checkpoints: ReconstructionCheckpoints | undefined;
  readonly pictures: ReconstructionPictures;
}

export interface Followed {
  readonly driven: Driven;
  readonly files: readonly string[];
  /** What wrappers made doubtful. */
  readonly doubts: readonly string[];
}

/**
 * Drives the engines and does what their epochs ask for: log, checkpoints, pictures, progress.
 * @param noise deviance of a valid pixel that noise alone leaves; undefined where nobody asks, or knows
 */
export async function follow(
  run: ReconstructionRun,
  from: DriverState | undefined,
  noise: number | undefined,
  { logger, checkpoints, pictures }: Records,
  payload: ReconstructionPayload,
  hooks: RunHooks,
  ranks: Communicator,
): Promise<Followed> {
  const { stages, reconstruction } = payload;
  const all = stages.reduce((sum, { epochs }) => sum + epochs, 0);
  const done = from === undefined ? 0 : epochsBefore(payload, from.stage) + from.epoch;
  const perEpoch = run.frames.length;
  const progress = hooks.progress("reconstructing", all * perEpoch, done * perEpoch);
  for (const record of from?.history ?? []) hooks.watch?.row(metricRow(record));
  const files = new Set<string>();
  const doubts: string[] = [];
  let [note, seconds, before] = ["", 0, done];
  let inStage = from?.epoch ?? 0;
  const steps = plannedSteps(payload.changes, hooks, run.warn, ranks);
  const changes: SettingChange[] = [...(from?.changes ?? [])];
  /** Of these, how many the last checkpoint has: what somebody asked for while it went is not to be lost with an epoch. */
  let kept = changes.length;
  const offer = (stage: number): void => {
    const { engine, settings } = run.stages[stage - 1];
    const now = stepsOf(engine, withChanges(settings, changes, stage));
    hooks.steering?.offers({ engine: engine.name, settings: now, changes: [...changes] });
  };
  const patience = reconstruction.patience;
  try {
    const driven = await drive({
      ...{ scan: run.scan, stages: run.stages, frames: run.frames, heldOut: run.heldOut },
      ...{ random: run.random, kernels: run.kernels, signal: hooks.signal, ranks },
      ...(run.graphs === undefined ? {} : { runtime: run.graphs }),
      ...(from === undefined ? {} : { from }),
      stop: {
        ...(patience === null ? {} : { patience }),
        ...(noise === undefined ? {} : { noise }),
      },
      async changes(next, settings) {
        const { engine } = run.stages[next.stage - 1];
        const changed = await steps(next.epoch, (wanted) => changedSteps(engine, settings, wanted));
        if (changed === undefined || Object.keys(changed).length === 0) return undefined;
        changes.push({ ...next, settings: changed });
        offer(next.stage);
        return changed;
      },
      listener: {
        stage(number, notes) {
          // A stage that stopped early leaves epochs undone.
          before = epochsBefore(payload, number - 1);
          inStage = number - 1 === from?.stage ? from.epoch : 0;
          if (stages.length > 1) hooks.log(`stage ${number} of ${stages.length}: ${stages[number - 1].engine}`);
          for (const line of notes) hooks.log(line);
          offer(number);
        },
        doubt(line) {
          doubts.push(line);
          run.warn(line);
        },
        batch: (epoch, frames) => progress.update((before + inStage) * perEpoch + frames, `epoch ${epoch}${note}`),
        async epoch(record, moment, notes) {
          inStage++;
          note = ` R ${record.error.toPrecision(3)}`;
          seconds += record.seconds;
          if (progress === silentProgress) hooks.log(epochLine(record, all));
          for (const line of notes) hooks.log(line);
          await logger.log(metricRow(record));
          // The state is whole where all processes ask for it, and one knows when it is time.
          const isDue = (): boolean =>
            checkpoints !== undefined && (checkpoints.isDue(record.epoch) || changes.length > kept);
          if (await madeByFirst(ranks, isDue)) {
            await (checkpoints === undefined ? moment.state() : checkpoints.save(() => moment.state()));
            kept = changes.length;
          }
          hooks.watch?.row(metricRow(record));
          if (hooks.watch?.wantsPicture() === true) {
            const look = await moment.look();
            const { object, probe } = physicalEstimate(look);
            const pixelSizeM = run.dataset.geometry?.objectPixelM;
            hooks.watch.picture({ epoch: record.epoch, object, probe, known: wellCovered(look.light), pixelSizeM });
          }
          if (pictures.due(record.epoch, seconds))
            for (const file of await pictures.draw(record.epoch, await moment.look())) files.add(file);
        },
      },
    });
    if (driven.kind !== "diverged") await checkpoints?.save(async () => driven.state);
    if (checkpoints !== undefined) files.add(checkpoints.path);
    progress.finish();
    const last = driven.state.history.at(-1);
    if (progress !== silentProgress && last !== undefined) hooks.log(epochLine(last, all));
    return { driven, files: [...logger.files, ...files], doubts };
  } finally {
    progress.finish();
  }
}

/** Of the stages before one, from 0. */
const epochsBefore = ({ stages }: ReconstructionPayload, stage: number): number =>
  stages.slice(0, stage).reduce((sum, { epochs }) => sum + epochs, 0);

/** What is logged of an epoch: curves are drawn over epochs. */
export const metricRow = ({ epoch, stage, error, deviance, heldOut, seconds }: EpochRecord): MetricRow => ({
  ...{ epoch, step: epoch, stage, r_factor: error, deviance },
  held_out_r_factor: heldOut?.error ?? "",
  held_out_deviance: heldOut?.deviance ?? "",
  seconds,
});

/** An epoch, for people. */
function epochLine({ epoch, error, deviance, heldOut, seconds }: EpochRecord, all: number): string {
  const held = heldOut === null ? "" : `, held out R ${heldOut.error.toPrecision(4)}`;
  return `epoch ${epoch}/${all}: R ${error.toPrecision(4)}, deviance ${deviance.toPrecision(4)} a pixel${held}, ${seconds.toFixed(1)} s`;
}
