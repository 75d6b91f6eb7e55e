import type { ComplexArray } from "../arrays.ts";
import type { InferencePayload, ReconstructionPayload, TrainingPayload } from "../config/payload.ts";
import type { Patterns } from "../data/dataset.ts";
import type { SettingChange } from "../engines/driverState.ts";
import type { MetricRow } from "./loggers/metricsLogger.ts";
import { gigabytes } from "./memory.ts";
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
  /** Who looks at the run from epoch to epoch, beside its lines; absent where nobody does. */
  readonly watch?: RunWatch;
  /** Absent where steps stay as they were said. */
  readonly steering?: RunSteering;
}

/** How long the steps of a run are, at a moment. */
export interface RunSteps {
  /** The engine whose they are; none: those of training. */
  readonly engine?: string;
  /** Settings that may be changed, with their values. */
  readonly settings: Readonly<Record<string, number>>;
  /** What was changed so far, by the first epoch that was done with it. */
  readonly changes: readonly Omit<SettingChange, "stage">[];
}

/** Who makes steps of a run others while it goes. */
export interface RunSteering {
  /** What there is to be changed: told when a stage begins, and after each change. */
  offers(steps: RunSteps): void;
  /** What is to be otherwise from the next epoch on; nothing where all may stay. Asked before each; what it says is done once. */
  wanted(): Readonly<Record<string, number>> | undefined;
}

/** A view of a run that goes on: a page's, say. */
export interface RunWatch {
  /** The numbers of an epoch; of a run that is resumed, first those of the epochs behind it. */
  row(row: MetricRow): void;
  /** Whether it wants a picture now. Asked after each epoch, since one takes time to make. */
  wantsPicture(): boolean;
  picture(picture: WatchedPicture): void;
}

/** What there is of object and probe after an epoch. */
export interface WatchedPicture {
  readonly epoch: number;
  /** `[y, x]` */
  readonly object: ComplexArray;
  /** `[y, x]`: 1 where the scan covers it well enough to be looked at. */
  readonly known: ArrayLike<number>;
  /** Side of an object pixel in metres, where it is known. */
  readonly pixelSizeM?: number | undefined;
  /** `[mode, y, x]`; absent where it is not reconstructed. */
  readonly probe?: ComplexArray;
}

/** Bytes of patterns that are looked at within a second. */
const SOON = 2 ** 26;

/**
 * Whether scans are prepared within a second. Preparing larger ones hears no interruption, so that the system ends the program
 * at once: that is said before it may happen.
 * @param patterns of all of them
 */
export function isPreparedSoon(patterns: readonly PatternSize[], log: RunHooks["log"]): boolean {
  const bytes = patterns.reduce((sum, { count, height, width }) => sum + 4 * count * height * width, 0);
  if (bytes <= SOON) return true;
  log(`preparing ${gigabytes(bytes)} of patterns: an interruption before the first step ends the program at once`);
  return false;
}

type PatternSize = Pick<Patterns, "count" | "height" | "width">;

/** The signal of a run whose scan is prepared soon. That of another is not looked at, which would make an interruption wait. */
export function signalSoon(hooks: Pick<RunHooks, "signal" | "log">, patterns: PatternSize): AbortSignal | undefined {
  return isPreparedSoon([patterns], hooks.log) ? hooks.signal : undefined;
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
