import { alone, type Communicator, sumsOf } from "../communicator.ts";
import { pauses } from "../pause.ts";
import { Random } from "../random.ts";
import type { Runtime } from "../runtime/runtime.ts";
import {
  type DriverState,
  type EpochRecord,
  type Estimate,
  estimateOf,
  freshDriverState,
  type SettingChange,
} from "./driverState.ts";
import type { Kernels } from "./kernels/kernels.ts";
import { startModes } from "./modes/startModes.ts";
import { type Look, RunningStage, type Stage } from "./runningStage.ts";
import type { EngineScan } from "./scan.ts";
import type { EngineSettings } from "./settings.ts";
import { withChanges } from "./steps.ts";

export interface DriverOptions {
  readonly scan: EngineScan;
  /** At least one; each goes on from where the one before ended. */
  readonly stages: readonly Stage[];
  /** To be explained. */
  readonly frames: Int32Array;
  /** Only predicted, to see how good the object is; may be none. */
  readonly heldOut: Int32Array;
  readonly random: Random;
  /** Opens what computes; each stage has its own, which is closed at its end. */
  readonly kernels: () => Promise<Kernels>;
  /** Runs graphs, for engines that compute in them. */
  readonly runtime?: Runtime;
  /** The processes that share the frames. Default: this one alone. */
  readonly ranks?: Communicator;
  /** Goes on from here. */
  readonly from?: DriverState;
  readonly stop?: StoppingRule;
  /**
   * Asked before each epoch: steps of its engine that are to be others from then on; nothing where they stay. All processes are
   * to be told the same.
   * @param settings of the stage as they are
   */
  readonly changes?: (
    next: Pick<EpochRecord, "epoch" | "stage">,
    settings: EngineSettings,
  ) => Promise<SettingChange["settings"] | undefined>;
  /** Asks the run to end at the next batch; of several processes all end after the epoch when one is asked to. */
  readonly signal?: AbortSignal;
  readonly listener?: DriverListener;
  /** Milliseconds from any origin. */
  readonly now?: () => number;
}

export interface StoppingRule {
  /** Epochs without a better prediction of the held-out frames after which a stage ends, with its best epoch. */
  readonly patience?: number;
  /** Deviance of a valid pixel at which the frames are explained as well as their noise allows. */
  readonly noise?: number;
}

/** Who watches. */
export interface DriverListener {
  /**
   * A stage begins, or goes on.
   * @param notes what was done to what it begins with
   */
  stage?(number: number, notes: readonly string[]): void;
  /** After each batch: epoch from 1 through all stages, frames done of it, and of how many. */
  batch?(epoch: number, done: number, frames: number): void;
  /** Something is to be doubted. */
  doubt?(line: string): void;
  /** @param notes what wrappers have to tell */
  epoch?(record: EpochRecord, moment: Moment, notes: readonly string[]): void | Promise<void>;
}

/** A reconstruction between two epochs; good until the next begins. */
export interface Moment {
  /** Goes on from here. */
  state(): Promise<DriverState>;
  look(): Promise<Look>;
}

export type DriverEnd = "completed" | "early-stopped" | "at-noise" | "interrupted" | "diverged";

/** How a reconstruction ended, and what there is at its end. */
export interface Driven {
  readonly kind: DriverEnd;
  /** Goes on from here; of one that diverged as it was. */
  readonly state: DriverState;
  /** Of the last epoch, or of the one that is kept. */
  readonly look: Look;
  /** The last stage's best epoch, from 1 through all stages, where what came after it is clearly worse. */
  readonly kept?: number;
}

/** Ends an epoch that is not to be finished. */
class Interrupted extends Error {}

/** A state of so many bytes is copied before each epoch, so that one that is interrupted can be left at once. */
const LARGEST_COPY = 2 ** 28;

/**
 * Epochs of engines, stage by stage, to their end: what every iterative reconstruction is driven by. Equal options give
 * equal bits, also when it goes on from a state in between.
 */
export async function drive(options: DriverOptions): Promise<Driven> {
  let state = options.from ?? freshDriverState(options.scan, options.random);
  for (;;) {
    const begun = begin(options, state);
    state = begun.state;
    options.listener?.stage?.(state.stage + 1, begun.notes);
    const ended = await driveStage(options, state);
    const last = state.stage === options.stages.length - 1;
    if (ended.kind === "interrupted" || ended.kind === "diverged" || last) return ended;
    state = nextStage(ended);
  }
}

/** A stage that has done nothing yet gets the probe's modes that it is to have, and what its wrappers begin with. */
function begin(
  { scan, stages, frames }: DriverOptions,
  state: DriverState,
): { readonly state: DriverState; readonly notes: readonly string[] } {
  if (state.now !== undefined) return { state, notes: [] };
  const { modes, wrappers } = stages[state.stage];
  const known = { ...scan, ...state.begun };
  const begun: Estimate = Object.assign(
    { ...state.begun },
    ...wrappers.map(({ wrapper }) => wrapper.first?.(known, frames)),
  );
  if (modes === undefined) return { state: { ...state, begun }, notes: [] };
  const { probe, note } = startModes(begun.probe, modes, Random.restore(state.random).fork());
  return { state: { ...state, begun: { ...begun, probe } }, notes: note === undefined ? [] : [note] };
}

/** The next stage begins with the picture that this one ended with. */
function nextStage({ state, look }: Driven): DriverState {
  const { stage, random, history, changes } = state;
  return {
    ...{ stage: stage + 1, epoch: 0, random, history, changes, stopping: { best: null, stale: 0 } },
    begun: estimateOf(look),
  };
}

/** A stage goes on after other steps as a run that was interrupted does. */
async function driveStage(options: DriverOptions, from: DriverState): Promise<Driven> {
  let state = from;
  for (;;) {
    const ended = await drivePart(options, state);
    if ("look" in ended) return ended;
    state = ended;
  }
}

/** Epochs of a stage with the same steps. @returns how the stage ended, or the state in which its steps change */
async function drivePart(options: DriverOptions, from: DriverState): Promise<Driven | DriverState> {
  const asked = options.stages[from.stage];
  const stage = { ...asked, settings: withChanges(asked.settings, from.changes, from.stage + 1) };
  const runtime = stage.engine.inGraphs === true ? options.runtime : undefined;
  const kernels = await options.kernels();
  try {
    const running = new RunningStage({ kernels, runtime, ranks: options.ranks }, options.scan, from.begun, stage);
    try {
      if (from.now !== undefined) running.restore(from.now);
      await prepare(options, running);
      return await epochs(options, running, stage, from);
    } finally {
      await running.release();
    }
  } finally {
    await kernels.close();
  }
}

/** Leaves off when the run is asked to end, which epochs then do. */
async function prepare({ frames, heldOut, signal }: DriverOptions, running: RunningStage): Promise<void> {
  const pause = pauses();
  const work = running.prepare(frames, heldOut);
  while (signal?.aborted !== true && work.next().done !== true) await pause();
}

async function epochs(
  options: DriverOptions,
  running: RunningStage,
  { epochs: asked, settings }: Stage,
  from: DriverState,
): Promise<Driven | DriverState> {
  const { stop = {}, signal, listener, frames, ranks = alone, changes } = options;
  // A process that left an epoch would leave the others in it.
  const copies = ranks.size === 1 && running.stateBytes <= LARGEST_COPY;
  let state = from;
  const end = async (kind: DriverEnd): Promise<Driven> => {
    const whole = { ...state, now: await running.state() };
    const look = await running.look(frames);
    if (whole.best === undefined || (kind !== "early-stopped" && !fellBehind(whole, whole.best.epoch)))
      return { kind, state: whole, look };
    const { epoch: kept, ...best } = whole.best;
    return { kind, state: whole, look: { ...look, ...best }, kept };
  };
  while (state.epoch < asked) {
    if (stop.patience !== undefined && state.stopping.stale >= stop.patience) return end("early-stopped");
    const [ending] = await sumsOf(ranks, [signal?.aborted === true ? 1 : 0]);
    if (ending > 0) return end("interrupted");
    const next = { epoch: state.history.length + 1, stage: state.stage + 1 };
    const changed = await changes?.(next, settings);
    if (changed !== undefined && Object.keys(changed).length > 0)
      return {
        ...{ ...state, now: await running.state() },
        changes: [...(state.changes ?? []), { ...next, settings: changed }],
      };
    const before = copies ? await running.state() : undefined;
    try {
      state = await oneEpoch(options, running, state, before !== undefined);
    } catch (error) {
      if (!(error instanceof Interrupted) || before === undefined) throw error;
      running.restore(before);
      return end("interrupted");
    }
    const record = state.history[state.history.length - 1];
    for (const line of running.doubts) listener?.doubt?.(line);
    if (diverged(state.history)) return end("diverged");
    const now = state;
    const moment: Moment = {
      state: async () => ({ ...now, now: await running.state() }),
      look: () => running.look(frames),
    };
    await listener?.epoch?.(record, moment, running.notes);
    if (stop.noise !== undefined && record.deviance <= stop.noise) return end("at-noise");
  }
  return end("completed");
}

/** @param mayLeave whether it may end in the middle, by `Interrupted` */
async function oneEpoch(
  options: DriverOptions,
  running: RunningStage,
  state: DriverState,
  mayLeave: boolean,
): Promise<DriverState> {
  const { stages, frames, heldOut, stop = {}, signal, listener, now = () => performance.now() } = options;
  const number = state.history.length + 1;
  const pause = pauses();
  const begun = now();
  const random = Random.restore(state.random);
  const report = await running.step({
    number: state.epoch,
    epochs: stages[state.stage].epochs,
    frames,
    random,
    async checkpoint(done) {
      listener?.batch?.(number, done, frames.length);
      await pause();
      if (mayLeave && signal?.aborted === true) throw new Interrupted();
    },
  });
  const held = heldOut.length === 0 ? null : await running.misfit(heldOut, random, pause);
  const record: EpochRecord = {
    ...{ epoch: number, stage: state.stage + 1, engine: stages[state.stage].engine.name },
    ...{ error: report.error, deviance: report.deviance, heldOut: held },
    seconds: (now() - begun) / 1000,
  };
  const history = [...state.history, record];
  const better = isBetter(held?.deviance, state.stopping.best);
  // Patience waits by deviance, and keeps what it waited for.
  const isBest = stop.patience === undefined ? isBetter(errorOf(record), bestError(state)) : better;
  return {
    ...{ stage: state.stage, epoch: state.epoch + 1, random: afterEpoch(state.random), history },
    stopping: better
      ? { best: held?.deviance ?? null, stale: 0 }
      : { ...state.stopping, stale: held === null ? 0 : state.stopping.stale + 1 },
    ...{ begun: state.begun, changes: state.changes },
    ...(isBest ? { best: { ...(await running.estimate()), epoch: number } } : {}),
    ...(isBest || state.best === undefined ? {} : { best: state.best }),
  };
}

/** What changes by less has not become better. */
const LEAST_GAIN = 1e-3;

const isBetter = (value: number | undefined, best: number | null): boolean =>
  value !== undefined && Number.isFinite(value) && (best === null || value < (1 - LEAST_GAIN) * best);

/** R of held-out frames, where there are none of the others. */
const errorOf = ({ heldOut, error }: EpochRecord): number => heldOut?.error ?? error;

const bestError = ({ best, history }: DriverState): number | null =>
  best === undefined ? null : errorOf(history[best.epoch - 1]);

/**
 * R that grew by so much over the best is no chance. Of simulated scans of 30 to 10⁵ photons a pattern every epoch that is
 * kept by it is nearer to the object than the last; a rise of 1.085 was not.
 */
const CLEARLY_WORSE = 1.1;

/** Whether what came after the best epoch is clearly worse than it. */
function fellBehind({ history }: DriverState, best: number): boolean {
  const last = errorOf(history[history.length - 1]);
  return !(last <= CLEARLY_WORSE * errorOf(history[best - 1]));
}

/** Each epoch has its own stream, whatever the one before drew from its. */
function afterEpoch(random: readonly number[]): readonly number[] {
  const stream = Random.restore(random);
  stream.uint32();
  return stream.fork().save();
}

/**
 * Of a stage: the error of two epochs in a row is so many times the best, or, once it has had time, above what no engine
 * comes to that has not lost its way: R is 1 where nothing is predicted, and 1.4 at most where the light is right.
 */
const DIVERGENCE = { ofBest: 4, error: 2, epochs: 5 } as const;

function diverged(history: readonly EpochRecord[]): boolean {
  const stage = history[history.length - 1].stage;
  const errors = history.filter((record) => record.stage === stage).map(({ error }) => error);
  const best = errors.reduce((a, b) => Math.min(a, b));
  const last = errors.slice(-2);
  if (!last.every(Number.isFinite)) return true;
  const grown = errors.length > 2 && last.every((error) => error > DIVERGENCE.ofBest * best);
  return grown || (errors.length >= DIVERGENCE.epochs && last.every((error) => error > DIVERGENCE.error));
}
