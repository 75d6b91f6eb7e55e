import { appendFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PtychonautError } from "../errors.ts";
import type { EpochRecord } from "../training/trainingState.ts";

/** Where the numbers of each epoch go. */
export interface MetricsLogger {
  /** The file, where there is one. */
  readonly path: string | undefined;
  log(record: EpochRecord): Promise<void>;
}

export const noLogger: MetricsLogger = { path: undefined, log: async () => {} };

/**
 * `lightning_logs/version_N/metrics.csv` in the output folder, one row an epoch, N counting up from run to run. Columns:
 * epoch, step, `LOSS_train_loss`, `LOSS_val_loss` (empty without validation data), the objective's measures as
 * `NAME_train` and `NAME_val`, learning_rate, grad_norm_preclip, grad_norm_postclip, seconds.
 * @param lossName "poisson" or "mae"
 * @throws PtychonautError "output" when it cannot be written
 */
export async function csvLogger(outputDir: string, lossName: string): Promise<MetricsLogger> {
  const folder = join(outputDir, "lightning_logs", `version_${await nextVersion(join(outputDir, "lightning_logs"))}`);
  const path = join(folder, "metrics.csv");
  let header: readonly string[] | undefined;
  await written(path, mkdir(folder, { recursive: true }));
  return {
    path,
    async log(record) {
      const row = columns(record, lossName);
      if (header === undefined) {
        header = Object.keys(row);
        await written(path, writeFile(path, `${header.join(",")}\n`));
      }
      await written(path, appendFile(path, `${Object.values(row).join(",")}\n`));
    },
  };
}

function columns(record: EpochRecord, lossName: string): Record<string, string | number> {
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

async function nextVersion(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const versions = names.flatMap((name) => /^version_(\d+)$/.exec(name)?.slice(1).map(Number) ?? []);
  return versions.length === 0 ? 0 : Math.max(...versions) + 1;
}

async function written(path: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new PtychonautError("output", "the metrics log cannot be written", { where: path, got, cause });
  }
}
