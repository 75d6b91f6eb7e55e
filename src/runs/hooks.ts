import type { InferencePayload, ReconstructionPayload, TrainingPayload } from "../config/payload.ts";
import type { ProgressBar } from "./progress.ts";

/** What a long run may use to talk and to be stopped. */
export interface RunHooks {
  /** Aborted by Ctrl-C: finish the step at hand, save, and return. */
  readonly signal: AbortSignal;
  /** One line for people; silent with --quiet. */
  readonly log: (line: string) => void;
  /** One line that must be seen. */
  readonly warn: (line: string) => void;
  /** A progress bar of `total` units, of which `start` were done before this run. Silent when it should be. */
  readonly progress: (label: string, total: number, start?: number) => ProgressBar;
}

/** How a run ended. Numerical trouble is a result; it is said here with the advice. */
export interface RunOutcome {
  readonly status: "finished" | "interrupted" | "diverged";
  /** What to know or to do about it. */
  readonly advice?: string;
  /** Files written, for the last lines of the command. */
  readonly files: readonly string[];
}

/** Training, inference and iterative reconstruction, where they are steps of something else. */
export interface Workflows {
  readonly train: (payload: TrainingPayload, hooks: RunHooks) => Promise<RunOutcome>;
  readonly infer: (payload: InferencePayload, hooks: RunHooks) => Promise<RunOutcome>;
  readonly reconstruct: (payload: ReconstructionPayload, hooks: RunHooks) => Promise<RunOutcome>;
}
