import { rm } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { basename, resolve } from "node:path";
import type { TrainingPayload } from "../../config/payload.ts";
import { savedConfigOf } from "../../config/savedConfig.ts";
import { type LoggerTalk, mlflowLogger } from "../../node/mlflow/logger.ts";
import { runFile, settingsAsParams } from "../../node/mlflow/run.ts";
import { type MlflowServer, reachMlflow } from "../../node/mlflow/server.ts";
import { packageVersion } from "../../node/version.ts";
import type { TrainingState } from "../../training/trainingState.ts";
import type { RunOutcome } from "../hooks.ts";
import { type MetricsLogger, metricsLogger } from "../loggers/loggers.ts";
import type { RunInput } from "../runRecord.ts";

/** The MLflow server, if the settings ask for one: looked for before a run takes any time. */
export async function logServer({ execution }: TrainingPayload): Promise<MlflowServer | undefined> {
  return execution.loggerBackend === "mlflow" ? reachMlflow(execution) : undefined;
}

export interface LoggedTraining {
  /** Where the run starts or goes on. */
  readonly state: TrainingState;
  readonly resumed: boolean;
  readonly seed: number;
  readonly runtime: string;
  readonly inputs: readonly RunInput[];
}

/** Opens the log of a run: on an MLflow server the CSV file is written as well, so that nothing hangs on the server. */
export async function openTrainingLog(
  server: MlflowServer | undefined,
  payload: TrainingPayload,
  training: LoggedTraining,
  talk: LoggerTalk,
): Promise<MetricsLogger> {
  const { outputDir, execution } = payload;
  const { loggerBackend: backend } = execution;
  const { lossFunction } = payload.training;
  // A new run is none of what an earlier one in this folder had on a server.
  if (!training.resumed) await rm(runFile(outputDir), { force: true });
  const local = await metricsLogger(backend === "mlflow" ? "csv" : backend, outputDir, lossFunction);
  if (server === undefined) return local;
  const { state, resumed, seed, runtime, inputs } = training;
  const description = {
    outputDir,
    name: basename(resolve(outputDir)),
    user: userName(),
    params: { train_data_file: inputs.map(({ path }) => path).join(", "), ...settingsAsParams(savedConfigOf(payload)) },
    tags: {
      "ptychonaut.version": await packageVersion(),
      "ptychonaut.runtime": runtime,
      "ptychonaut.seed": String(seed),
      "ptychonaut.train_data_sha256": inputs.map(({ sha256 }) => sha256 ?? "unknown").join(", "),
      "ptychonaut.output_dir": `${hostname()}:${resolve(outputDir)}`,
      ...(resumed ? { "ptychonaut.resumed_after_epoch": String(state.epoch) } : {}),
    },
    lossName: lossFunction,
    resumed,
    history: state.history,
  };
  return mlflowLogger(server, local, description, talk);
}

/** Tells the log how a run ended, also when it failed. */
export async function loggedToItsEnd(logger: MetricsLogger, work: () => Promise<RunOutcome>): Promise<RunOutcome> {
  let outcome: RunOutcome;
  try {
    outcome = await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await logger.finish({ status: "failed", message, files: [] });
    throw error;
  }
  const { status, advice: message = status, files } = outcome;
  await logger.finish({ status: status === "diverged" ? "failed" : status, message, files });
  return outcome;
}

/** Containers may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
