import type { ExecutionConfig } from "../../config/executionConfig.ts";
import type { Settings } from "../../config/group.ts";
import { snakeCase } from "../../config/names.ts";
import { PtychonautError } from "../../errors.ts";
import { version } from "../../version.ts";
import type { RunOutcome } from "../hooks.ts";
import type { Home, Machine } from "../machine.ts";
import { outputs } from "../outputs.ts";
import { baseName, joinPath } from "../paths.ts";
import type { RunInput } from "../runRecord.ts";
import { metricsLogger } from "./loggers.ts";
import type { LoggerTalk, LogServer } from "./logServer.ts";
import type { MetricRow, MetricsLogger } from "./metricsLogger.ts";

/** The log server, if the settings ask for one: looked for before a run takes any time. */
export async function logServer(execution: ExecutionConfig, machine: Machine): Promise<LogServer | undefined> {
  if (execution.loggerBackend !== "mlflow" || machine.ranks.rank > 0) return undefined;
  if (machine.logServer !== undefined) return machine.logServer(execution);
  throw new PtychonautError("usage", "no MLflow server can be reached from here", { fix: "use the logger csv" });
}

/** A run whose epochs are logged. */
export interface LoggedRun {
  readonly command: "train" | "reconstruct";
  readonly outputDir: string;
  readonly execution: ExecutionConfig;
  /** Resolved, by group. */
  readonly settings: Readonly<Record<string, object>>;
  /** What its scan is called among the parameters, and in the tags. */
  readonly scan: string;
  readonly inputs: readonly RunInput[];
  readonly seed: number;
  readonly runtime: string;
  /** Whether a checkpoint is continued, and what it has behind it. */
  readonly resumed: boolean;
  readonly history: readonly MetricRow[];
}

/** Opens the log of a run: with a server the CSV file is written as well, so that nothing hangs on the server. */
export async function openRunLog(
  server: LogServer | undefined,
  run: LoggedRun,
  home: Home,
  talk: LoggerTalk,
): Promise<MetricsLogger> {
  const { command, outputDir, execution, settings, scan, inputs, seed, runtime, resumed, history } = run;
  const { loggerBackend: backend } = execution;
  const { store } = home;
  // A new run is none of what an earlier one in this folder had on a server.
  if (!resumed) await store.remove(joinPath(outputDir, outputs.mlflow));
  const file = backend === "mlflow" ? "csv" : backend;
  const local = await metricsLogger(home.machine.ranks.rank > 0 ? "none" : file, outputDir, home);
  if (server === undefined) return local;
  const { user, host } = home.machine.about;
  const folder = store.absolute(outputDir);
  const description = {
    ...{ outputDir, user, command, resumed, history },
    name: baseName(folder),
    params: { [`${scan}_file`]: inputs.map(({ path }) => path).join(", "), ...settingsAsParams(settings) },
    tags: {
      "ptychonaut.version": version,
      "ptychonaut.runtime": runtime,
      "ptychonaut.seed": String(seed),
      [`ptychonaut.${scan}_sha256`]: inputs.map(({ sha256 }) => sha256 ?? "unknown").join(", "),
      "ptychonaut.output_dir": `${host}:${folder}`,
      ...(resumed ? { "ptychonaut.resumed_after_epoch": String(history.at(-1)?.epoch ?? 0) } : {}),
    },
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
function settingsAsParams(groups: Readonly<Record<string, object>>): Record<string, string> {
  const settings = Object.values(groups).flatMap((group) => Object.entries(group as Settings));
  return Object.fromEntries(settings.map(([name, value]) => [snakeCase(name), textOf(value)]));
}

const textOf = (value: unknown): string =>
  value === null ? "none" : typeof value === "string" ? value : JSON.stringify(value);
