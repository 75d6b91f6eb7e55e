import type { ReconstructionPayload } from "../../config/payload.ts";
import { type Driven, drive } from "../../engines/driver.ts";
import type { DriverState, EpochRecord } from "../../engines/driverState.ts";
import type { RunHooks } from "../hooks.ts";
import type { MetricRow, MetricsLogger } from "../loggers/metricsLogger.ts";
import { silentProgress } from "../progress.ts";
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
): Promise<Followed> {
  const { stages, reconstruction } = payload;
  const all = stages.reduce((sum, { epochs }) => sum + epochs, 0);
  const done = from === undefined ? 0 : epochsBefore(payload, from.stage) + from.epoch;
  const perEpoch = run.frames.length;
  const progress = hooks.progress("reconstructing", all * perEpoch, done * perEpoch);
  const files = new Set<string>();
  let [note, seconds, before] = ["", 0, done];
  let inStage = from?.epoch ?? 0;
  const patience = reconstruction.patience;
  try {
    const driven = await drive({
      ...{ scan: run.scan, stages: run.stages, frames: run.frames, heldOut: run.heldOut },
      ...{ random: run.random, kernels: run.kernels, signal: hooks.signal },
      ...(run.graphs === undefined ? {} : { runtime: run.graphs }),
      ...(from === undefined ? {} : { from }),
      stop: {
        ...(patience === null ? {} : { patience }),
        ...(noise === undefined ? {} : { noise }),
      },
      listener: {
        stage(number) {
          // A stage that stopped early leaves epochs undone.
          before = epochsBefore(payload, number - 1);
          inStage = number - 1 === from?.stage ? from.epoch : 0;
          if (stages.length > 1) hooks.log(`stage ${number} of ${stages.length}: ${stages[number - 1].engine}`);
        },
        batch: (epoch, frames) => progress.update((before + inStage) * perEpoch + frames, `epoch ${epoch}${note}`),
        async epoch(record, moment, notes) {
          inStage++;
          note = ` R ${record.error.toPrecision(3)}`;
          seconds += record.seconds;
          if (progress === silentProgress) hooks.log(epochLine(record, all));
          for (const line of notes) hooks.log(line);
          await logger.log(metricRow(record));
          await checkpoints?.saveWhenDue(record.epoch, () => moment.state());
          if (pictures.due(record.epoch, seconds))
            for (const file of await pictures.draw(record.epoch, await moment.look())) files.add(file);
        },
      },
    });
    if (driven.kind !== "diverged") await checkpoints?.save(driven.state);
    if (checkpoints !== undefined) files.add(checkpoints.path);
    progress.finish();
    const last = driven.state.history.at(-1);
    if (progress !== silentProgress && last !== undefined) hooks.log(epochLine(last, all));
    return { driven, files: [...logger.files, ...files] };
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
