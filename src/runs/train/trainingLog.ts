import type { Settings } from "../../config/group.ts";
import { snakeCase } from "../../config/names.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import { type SavedConfig, savedConfigOf } from "../../config/savedConfig.ts";
import { PtychonautError } from "../../errors.ts";
import type { TrainingState } from "../../training/trainingState.ts";
import { version } from "../../version.ts";
import type { RunOutcome } from "../hooks.ts";
import { metricsLogger } from "../loggers/loggers.ts";
import type { LoggerTalk, LogServer } from "../loggers/logServer.ts";
import type { MetricsLogger } from "../loggers/metricsLogger.ts";
import type { Home, Machine } from "../machine.ts";
import { outputs } from "../outputs.ts";
import { baseName, joinPath } from "../paths.ts";
import type { RunInput } from "../runRecord.ts";

/** The log server, if the settings ask for one: looked for before a run takes any time. */
export async function logServer({ execution }: TrainingPayload, machine: Machine): Promise<LogServer | undefined> {
  if (execution.loggerBackend !== "mlflow") return undefined;
  if (machine.logServer !== undefined) return machine.logServer(execution);
  throw new PtychonautError("usage", "no MLflow server can be reached from here", { fix: "use the logger csv" });
}

export interface LoggedTraining {
  /** Where the run starts or goes on. */
  readonly state: TrainingState;
  readonly resumed: boolean;
  readonly seed: number;
  readonly runtime: string;
  readonly inputs: readonly RunInput[];
}

/** Opens the log of a run: with a server the CSV file is written as well, so that nothing hangs on the server. */
export async function openTrainingLog(
  server: LogServer | undefined,
  payload: TrainingPayload,
  training: LoggedTraining,
  home: Home,
  talk: LoggerTalk,
): Promise<MetricsLogger> {
  const { outputDir, execution } = payload;
  const { loggerBackend: backend } = execution;
  const { lossFunction } = payload.training;
  const { store } = home;
  // A new run is none of what an earlier one in this folder had on a server.
  if (!training.resumed) await store.remove(joinPath(outputDir, outputs.mlflow));
  const local = await metricsLogger(backend === "mlflow" ? "csv" : backend, outputDir, lossFunction, home);
  if (server === undefined) return local;
  const { state, resumed, seed, runtime, inputs } = training;
  const { user, host } = home.machine.about;
  const folder = store.absolute(outputDir);
  const description = {
    outputDir,
    name: baseName(folder),
    user,
    params: { train_data_file: inputs.map(({ path }) => path).join(", "), ...settingsAsParams(savedConfigOf(payload)) },
    tags: {
      "ptychonaut.version": version,
      "ptychonaut.runtime": runtime,
      "ptychonaut.seed": String(seed),
      "ptychonaut.train_data_sha256": inputs.map(({ sha256 }) => sha256 ?? "unknown").join(", "),
      "ptychonaut.output_dir": `${host}:${folder}`,
      ...(resumed ? { "ptychonaut.resumed_after_epoch": String(state.epoch) } : {}),
    },
    lossName: lossFunction,
    resumed,
    history: state.history,
  };
  return server.follow(local, description, store, talk);
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

/** Resolved settings as parameters, under the names of the flags. */
function settingsAsParams(groups: SavedConfig): Record<string, string> {
  const settings = Object.values(groups).flatMap((group) => Object.entries(group as Settings));
  return Object.fromEntries(settings.map(([name, value]) => [snakeCase(name), textOf(value)]));
}

const textOf = (value: unknown): string =>
  value === null ? "none" : typeof value === "string" ? value : JSON.stringify(value);
