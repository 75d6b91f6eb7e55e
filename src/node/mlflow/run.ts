import { z } from "zod";
import type { RunDescription } from "../../runs/loggers/logServer.ts";
import type { MetricRow } from "../../runs/loggers/metricsLogger.ts";
import { outputs } from "../../runs/outputs.ts";
import { joinPath } from "../../runs/paths.ts";
import { isThere, type RunStore, readJson, writeJson } from "../../runs/store.ts";
import { anyAnswer, type MlflowClient, MlflowFailure, type Patience } from "./client.ts";
import type { MlflowServer } from "./server.ts";

/** A number of an epoch as MLflow takes it. Numbers that JSON lacks go as protocol buffers spell them. */
export interface Metric {
  readonly key: string;
  readonly value: number | string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export const metricValue = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

/** A run that is open on the server. */
export interface MlflowRun {
  readonly runId: string;
  readonly experimentId: string;
  readonly artifactUri: string;
  /** Where its files go on a server that passes them on; undefined on one that does not. */
  readonly artifactPath: string | undefined;
  /** Past epochs of which the server has nothing. */
  readonly missing: readonly MetricRow[];
  readonly file: string;
}

const runShape = z.object({
  run: z.object({
    info: z.object({
      run_id: z.string(),
      experiment_id: z.string(),
      artifact_uri: z.string(),
      lifecycle_stage: z.string().optional(),
    }),
    data: z
      .object({
        // Numbers that are not finite come as texts.
        metrics: z
          .array(z.object({ key: z.string(), value: z.union([z.number(), z.string()]).transform(Number) }))
          .optional(),
        params: z.array(z.object({ key: z.string() })).optional(),
      })
      .optional(),
  }),
});
type RunJson = z.infer<typeof runShape>;

/** `mlflow.json`, by which a resumed training finds its run. */
const runFile = (outputDir: string): string => joinPath(outputDir, outputs.mlflow);

const savedRun = z.object({ trackingUri: z.string(), experimentId: z.string(), runId: z.string() });

/**
 * Opens a new run, or again the one of the training that is resumed, with its settings as parameters. Those never change
 * in MLflow, so a resumed run keeps the ones that it began with.
 * @throws MlflowFailure
 */
export async function openMlflowRun(
  server: MlflowServer,
  description: RunDescription,
  store: RunStore,
): Promise<MlflowRun> {
  const { client } = server;
  const { outputDir, params, tags, resumed, history } = description;
  const experimentId = await server.experimentId();
  const file = runFile(outputDir);
  const earlier = resumed ? await earlierRun(client, experimentId, file, store) : undefined;
  const { run } = earlier ?? (await createRun(client, experimentId, description));
  const { run_id: runId, artifact_uri: artifactUri } = run.info;
  if (earlier !== undefined) await client.post("runs/update", { run_id: runId, status: "RUNNING" }, anyAnswer);
  await writeJson(file, { trackingUri: client.uri, experimentId, runId }, store);
  const known = new Set(run.data?.params?.map(({ key }) => key));
  const news = Object.entries(params).filter(([key]) => !known.has(key));
  await logInBatches(client, runId, { params: Object.fromEntries(news), tags });
  const lastEpoch = run.data?.metrics?.find(({ key }) => key === "epoch")?.value ?? 0;
  return {
    ...{ runId, experimentId, artifactUri, file },
    artifactPath: /^mlflow-artifacts:(?:\/\/)?\/([^/].*)$/.exec(artifactUri)?.[1],
    missing: history.filter(({ epoch }) => epoch > lastEpoch),
  };
}

function createRun(
  client: MlflowClient,
  experimentId: string,
  { name, user, command }: RunDescription,
): Promise<RunJson> {
  const tags = {
    "mlflow.user": user,
    "mlflow.source.name": `ptychonaut ${command}`,
    "mlflow.source.type": "LOCAL",
  };
  const body = {
    experiment_id: experimentId,
    run_name: name,
    user_id: user,
    start_time: Date.now(),
    tags: keysAndValues(tags),
  };
  return client.post("runs/create", body, runShape);
}

/** The run that the folder's training had on this server, as long as it is there. */
async function earlierRun(
  client: MlflowClient,
  experimentId: string,
  file: string,
  store: RunStore,
): Promise<RunJson | undefined> {
  const saved = (await isThere(file, store))
    ? savedRun.safeParse(await readJson(file, store).catch(() => undefined)).data
    : undefined;
  if (saved === undefined || saved.trackingUri !== client.uri || saved.experimentId !== experimentId) return undefined;
  try {
    const found = await client.get("runs/get", { run_id: saved.runId }, runShape);
    return found.run.info.lifecycle_stage === "deleted" ? undefined : found;
  } catch (error) {
    if (error instanceof MlflowFailure && error.code === "RESOURCE_DOES_NOT_EXIST") return undefined;
    throw error;
  }
}

interface Entries {
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly metrics?: readonly Metric[];
}

/** MLflow takes 100 parameters, 100 tags and 1000 metrics in one request. */
const MOST_TEXTS = 100;
export const MOST_METRICS = 1000;

/** @param entries any number of parameters and tags, at most MOST_METRICS metrics */
export async function logInBatches(
  client: MlflowClient,
  runId: string,
  { params = {}, tags = {}, metrics = [] }: Entries,
  patience?: Partial<Patience>,
): Promise<void> {
  const [allParams, allTags] = [keysAndValues(params), keysAndValues(tags)];
  for (let at = 0; at === 0 || at < Math.max(allParams.length, allTags.length); at += MOST_TEXTS) {
    const part = <T>(list: readonly T[]): readonly T[] => list.slice(at, at + MOST_TEXTS);
    const body = { run_id: runId, params: part(allParams), tags: part(allTags), metrics: at === 0 ? metrics : [] };
    await client.post("runs/log-batch", body, anyAnswer, patience);
  }
}

/** Older servers refuse values beyond this many characters. `run.json` has them whole. */
const LONGEST_VALUE = 500;

function keysAndValues(entries: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(entries).map(([key, value]) => {
    return { key, value: value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE - 1)}…` : value };
  });
}
