import { z } from "zod";
import type { ExecutionConfig } from "../../config/executionConfig.ts";
import { checkTrackingUri } from "../../config/trackingUri.ts";
import { PtychonautError, setting } from "../../errors.ts";
import { type MlflowClient, MlflowFailure, mlflowClient, type Patience } from "./client.ts";

/** An MLflow server that answers, and the experiment there that the settings name. */
export interface MlflowServer {
  readonly client: MlflowClient;
  readonly experiment: string;
  /** The experiment's id; it is created where it is not there. */
  experimentId(): Promise<string>;
}

const DEFAULT_URI = "http://127.0.0.1:5000";

const experimentShape = z.object({ experiment_id: z.string(), lifecycle_stage: z.string().optional() });

/**
 * Finds the server before anything is computed: `mlflow_tracking_uri`, else MLFLOW_TRACKING_URI, else one on this machine.
 * @throws PtychonautError "usage" for an address that is none, "device" when nobody answers there or refuses
 */
export async function reachMlflow(
  { mlflowTrackingUri, experimentName }: Pick<ExecutionConfig, "mlflowTrackingUri" | "experimentName">,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  patience?: Patience,
): Promise<MlflowServer> {
  const variable = environment["MLFLOW_TRACKING_URI"] || undefined;
  if (mlflowTrackingUri === null && variable !== undefined) checkTrackingUri(variable, "MLFLOW_TRACKING_URI");
  const uri = (mlflowTrackingUri ?? variable ?? DEFAULT_URI).replace(/\/+$/, "");
  const client = mlflowClient(uri, environment, patience);
  const found = await orExplain(client, () => findExperiment(client, experimentName));
  return {
    client,
    experiment: experimentName,
    experimentId: async () => found ?? orExplain(client, () => createExperiment(client, experimentName)),
  };
}

/** @throws PtychonautError "device" in place of MlflowFailure: what fails before a run is an error */
export async function orExplain<T>({ uri }: MlflowClient, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof MlflowFailure)) throw cause;
    throw new PtychonautError("device", "the MLflow server cannot be used", {
      where: uri,
      got: cause.message,
      fix: fixFor(cause),
      cause,
    });
  }
}

async function findExperiment(client: MlflowClient, name: string): Promise<string | undefined> {
  try {
    const { experiment } = await client.get(
      "experiments/get-by-name",
      { experiment_name: name },
      z.object({ experiment: experimentShape }),
    );
    if (experiment.lifecycle_stage !== "deleted") return experiment.experiment_id;
  } catch (error) {
    if (error instanceof MlflowFailure && error.code === "RESOURCE_DOES_NOT_EXIST") return undefined;
    throw error;
  }
  throw new PtychonautError("usage", `the MLflow experiment "${name}" was deleted`, {
    where: client.uri,
    fix: `restore it (mlflow experiments restore), or name another: ${setting("experiment_name")}`,
  });
}

async function createExperiment(client: MlflowClient, name: string): Promise<string> {
  try {
    return (await client.post("experiments/create", { name }, experimentShape)).experiment_id;
  } catch (error) {
    // Another run that starts at the same time may have been quicker.
    if (!(error instanceof MlflowFailure) || error.code !== "RESOURCE_ALREADY_EXISTS") throw error;
    const id = await findExperiment(client, name);
    if (id === undefined) throw error;
    return id;
  }
}

function fixFor({ status, temporary }: MlflowFailure): string {
  if (status === 401 || status === 403) {
    return "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN";
  }
  if (temporary)
    return `start it (mlflow server), name another with ${setting("mlflow_tracking_uri")}, or use ${setting("logger_backend", "csv")}`;
  return `check ${setting("mlflow_tracking_uri")}, or use ${setting("logger_backend", "csv")}`;
}
