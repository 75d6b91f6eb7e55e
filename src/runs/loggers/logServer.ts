import type { RunStore } from "../store.ts";
import type { MetricRow, MetricsLogger } from "./metricsLogger.ts";

/** A server that follows runs, such as MLflow. */
export interface LogServer {
  /**
   * Opens a run there; what the local logger writes goes there too.
   * @throws PtychonautError "device" when it cannot be opened
   */
  follow(local: MetricsLogger, description: RunDescription, store: RunStore, talk: LoggerTalk): Promise<MetricsLogger>;
}

/** Who hears about it. */
export interface LoggerTalk {
  readonly log: (line: string) => void;
  readonly warn: (line: string) => void;
}

/** What a run is to be called and what is known about it before it starts. */
export interface RunDescription {
  readonly outputDir: string;
  readonly name: string;
  readonly user: string;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** The command that runs. */
  readonly command: string;
  /** Whether a checkpoint is continued, and what it has behind it. */
  readonly resumed: boolean;
  readonly history: readonly MetricRow[];
}
