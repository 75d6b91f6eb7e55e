import type { ExecutionConfig } from "../../config/executionConfig.ts";
import type { LogServer } from "../../runs/loggers/logServer.ts";
import { mlflowLogger } from "./logger.ts";
import { reachMlflow } from "./server.ts";

/** The MLflow server that the settings or the environment name. @throws PtychonautError, see `reachMlflow` */
export async function mlflowLogServer(settings: ExecutionConfig): Promise<LogServer> {
  const server = await reachMlflow(settings);
  return {
    follow: (local, description, store, talk) => mlflowLogger(server, local, description, store, talk),
  };
}
