import type { ExecutionConfig } from "../../config/executionConfig.ts";
import type { EpochRecord } from "../../training/trainingState.ts";
import type { Home } from "../machine.ts";
import { outputs, subfolders } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import type { RunStore } from "../store.ts";
import type { MetricRow, MetricsLogger } from "./metricsLogger.ts";
import { firstEvent, scalarEvent } from "./tensorboard.ts";

/** Loggers that write into the output folder. */
export type LocalBackend = Exclude<ExecutionConfig["loggerBackend"], "mlflow">;

const nothingToFinish = async (): Promise<void> => {};

/**
 * The logger that the settings ask for. Its file is in `lightning_logs/version_N` of the output folder, N counting up
 * from run to run.
 * @throws PtychonautError "output" when it cannot be written
 */
export function metricsLogger(backend: LocalBackend, outputDir: string, home: Home): Promise<MetricsLogger> {
  switch (backend) {
    case "csv":
      return csvLogger(outputDir, home.store);
    case "tensorboard":
      return tensorboardLogger(outputDir, home);
    case "none":
      return Promise.resolve({ files: [], log: async () => {}, finish: nothingToFinish });
  }
}

/** `metrics.csv`, one row an epoch. */
async function csvLogger(outputDir: string, store: RunStore): Promise<MetricsLogger> {
  const path = joinPath(await newFolder(outputDir, store), outputs.log);
  let header: readonly string[] | undefined;
  return {
    get files() {
      return header === undefined ? [] : [path];
    },
    finish: nothingToFinish,
    async log(row) {
      if (header === undefined) {
        header = Object.keys(row);
        await store.append(path, `${header.join(",")}\n`);
      }
      await store.append(path, `${Object.values(row).join(",")}\n`);
    },
  };
}

/** A TensorBoard event file: the columns of the CSV as scalars over steps; what is not there has no point. */
async function tensorboardLogger(outputDir: string, { machine, store }: Home): Promise<MetricsLogger> {
  const { host, process } = machine.about;
  const name = `events.out.tfevents.${Math.floor(now())}.${host}.${process}`;
  const path = joinPath(await newFolder(outputDir, store), name);
  await store.append(path, firstEvent(now()));
  return {
    files: [path],
    finish: nothingToFinish,
    async log({ step, ...row }) {
      const scalars = Object.entries(row).filter((entry): entry is [string, number] => typeof entry[1] === "number");
      await store.append(path, scalarEvent(now(), step, Object.fromEntries(scalars)));
    },
  };
}

/** Seconds since 1970. */
const now = (): number => Date.now() / 1000;

/**
 * What is logged of an epoch of training: epoch, step, `LOSS_train_loss`, `LOSS_val_loss` (empty without validation data),
 * the objective's measures as `NAME_train` and `NAME_val`, learning_rate, grad_norm_preclip, grad_norm_postclip, seconds.
 * @param lossName "poisson" or "mae"
 */
export function metricColumns(record: EpochRecord, lossName: string): MetricRow {
  const measures: [string, string | number][] = Object.entries(record.train).flatMap(([name, value]) => [
    [`${name}_train`, value],
    [`${name}_val`, record.validation[name] ?? ""],
  ]);
  return {
    epoch: record.epoch,
    step: record.step,
    [`${lossName}_train_loss`]: record.trainLoss,
    [`${lossName}_val_loss`]: record.validationLoss ?? "",
    ...Object.fromEntries(measures),
    learning_rate: record.learningRate,
    grad_norm_preclip: record.gradientNormBefore,
    grad_norm_postclip: record.gradientNormAfter,
    seconds: record.seconds,
  };
}

async function newFolder(outputDir: string, store: RunStore): Promise<string> {
  const logs = joinPath(outputDir, subfolders.logs);
  const folder = joinPath(logs, `version_${await nextVersion(logs, store)}`);
  await store.makeFolder(folder);
  return folder;
}

async function nextVersion(folder: string, store: RunStore): Promise<number> {
  const names = await store.list(folder);
  const versions = names.flatMap((name) => /^version_(\d+)$/.exec(name)?.slice(1).map(Number) ?? []);
  return versions.length === 0 ? 0 : Math.max(...versions) + 1;
}
