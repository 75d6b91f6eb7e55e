import type { LoggerTalk, RunDescription } from "../../runs/loggers/logServer.ts";
import type { MetricRow, MetricsLogger, RunEnd } from "../../runs/loggers/metricsLogger.ts";
import { outputs, subfolders } from "../../runs/outputs.ts";
import { pathBelow } from "../../runs/paths.ts";
import type { RunStore } from "../../runs/store.ts";
import { anyAnswer, type MlflowClient, MlflowFailure, type Patience } from "./client.ts";
import { logInBatches, type Metric, type MlflowRun, MOST_METRICS, metricValue, openMlflowRun } from "./run.ts";
import { type MlflowServer, orExplain } from "./server.ts";

const STATUS = { finished: "FINISHED", interrupted: "KILLED", failed: "FAILED" } as const;
/** A server that did not answer before is not waited for again and again. */
const ONCE: Partial<Patience> = { attempts: 1 };

/**
 * Sends what the local logger writes to an MLflow server too: the same columns as metrics over optimiser steps, at the
 * end the files and how the run ended. A server that goes away costs a warning; what it missed is sent when it answers
 * again, and is in the local log in any case.
 * @throws PtychonautError "device" when the run cannot be opened
 */
export async function mlflowLogger(
  server: MlflowServer,
  local: MetricsLogger,
  description: RunDescription,
  store: RunStore,
  talk: LoggerTalk,
): Promise<MetricsLogger> {
  const { client } = server;
  const run = await orExplain(client, () => openMlflowRun(server, description, store));
  talk.log(`MLflow run ${client.uri}/#/experiments/${run.experimentId}/runs/${run.runId}`);
  if (run.artifactPath === undefined) {
    talk.log(
      `no files go to MLflow: this server does not pass them on to ${run.artifactUri}. They stay in ${description.outputDir}`,
    );
  }
  const sender = metricSender(client, run, local, talk);
  for (const row of run.missing) sender.add(row);
  return {
    get files() {
      return [...local.files, run.file];
    },
    async log(row) {
      await local.log(row);
      sender.add(row);
      await sender.send();
    },
    async finish(end) {
      await local.finish(end);
      if (!(await sender.send({}))) return;
      await conclude(client, run, end, description.outputDir, store, talk.warn);
    },
  };
}

interface MetricSender {
  add(row: MetricRow): void;
  /** @returns whether the server has everything */
  send(patience?: Partial<Patience>): Promise<boolean>;
}

/** Keeps what could not be sent. Never throws for the server's sake. */
function metricSender(
  client: MlflowClient,
  { runId }: MlflowRun,
  local: MetricsLogger,
  talk: LoggerTalk,
): MetricSender {
  const waiting: Metric[] = [];
  let state: "well" | "away" | "refusing" = "well";
  const safe = (): string => `the run goes on, and its numbers are in ${local.files[0] ?? outputs.log}`;
  return {
    add(row) {
      if (state !== "refusing") waiting.push(...metricsOf(row));
    },
    async send(patience = state === "away" ? ONCE : {}) {
      if (state === "refusing") return false;
      try {
        while (waiting.length > 0) {
          const metrics = waiting.slice(0, MOST_METRICS);
          await logInBatches(client, runId, { metrics }, patience);
          waiting.splice(0, metrics.length);
        }
        if (state === "away") talk.log("the MLflow server answers again and has everything");
        state = "well";
        return true;
      } catch (error) {
        if (!(error instanceof MlflowFailure)) throw error;
        if (!error.temporary) {
          talk.warn(`MLflow refuses this run (${error.message}) and gets no more of it: ${safe()}`);
          state = "refusing";
        } else if (state === "well") {
          talk.warn(
            `the MLflow server does not answer (${error.message}) and is tried again after each epoch: ${safe()}`,
          );
          state = "away";
        } else if (patience !== ONCE) {
          talk.warn(`the MLflow server still does not answer: the run stays open there, its last numbers are missing`);
        }
        return false;
      }
    },
  };
}

function metricsOf({ step, ...row }: MetricRow): Metric[] {
  const timestamp = Date.now();
  return Object.entries(row)
    .filter((entry): entry is [string, number] => typeof entry[1] === "number")
    .map(([key, value]) => ({ key, value: metricValue(value), timestamp, step }));
}

/** Hands over the files and closes the run. */
async function conclude(
  client: MlflowClient,
  run: MlflowRun,
  { status, message, files }: RunEnd,
  outputDir: string,
  store: RunStore,
  warn: LoggerTalk["warn"],
): Promise<void> {
  const said = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      // The run is done: nothing that happens here may fail it.
      warn(`MLflow: ${what} (${error instanceof Error ? error.message : String(error)})`);
    }
  };
  const { runId, artifactPath } = run;
  if (artifactPath !== undefined) {
    await said("not all files were uploaded", async () => {
      for (const file of files) {
        const name = pathBelow(outputDir, file);
        if (name.startsWith(`${subfolders.checkpoints}/`)) continue;
        await client.upload(`${artifactPath}/${name}`, await store.read(file));
      }
    });
  }
  await said("the run could not be closed", async () => {
    await logInBatches(client, runId, { tags: { "ptychonaut.outcome": message } });
    await client.post("runs/update", { run_id: runId, status: STATUS[status], end_time: Date.now() }, anyAnswer);
  });
}
