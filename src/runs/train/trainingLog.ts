import type { TrainingPayload } from "../../config/payload.ts";
import { savedConfigOf } from "../../config/savedConfig.ts";
import type { TrainingState } from "../../training/trainingState.ts";
import { metricColumns } from "../loggers/loggers.ts";
import type { LoggerTalk, LogServer } from "../loggers/logServer.ts";
import type { MetricsLogger } from "../loggers/metricsLogger.ts";
import { openRunLog } from "../loggers/runLog.ts";
import type { Home } from "../machine.ts";
import type { RunInput } from "../runRecord.ts";

export interface LoggedTraining {
  /** Where the run starts or goes on. */
  readonly state: TrainingState;
  readonly resumed: boolean;
  readonly seed: number;
  readonly runtime: string;
  readonly inputs: readonly RunInput[];
}

/** Opens the log of a training. */
export async function openTrainingLog(
  server: LogServer | undefined,
  payload: TrainingPayload,
  { state, ...training }: LoggedTraining,
  home: Home,
  talk: LoggerTalk,
): Promise<MetricsLogger> {
  const { outputDir, execution } = payload;
  const { lossFunction } = payload.training;
  const logged = {
    ...({ command: "train", outputDir, execution, scan: "train_data" } as const),
    ...training,
    settings: { ...savedConfigOf(payload) },
    history: state.history.map((record) => metricColumns(record, lossFunction)),
  };
  return openRunLog(server, logged, home, talk);
}
