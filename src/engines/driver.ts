import { pauses } from "../pause.ts";
import { Random } from "../random.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type DriverState, type EpochRecord, estimateOf, freshDriverState } from "./driverState.ts";
import type { Kernels } from "./kernels/kernels.ts";
import { type Look, RunningStage, type Stage } from "./runningStage.ts";
import type { EngineScan } from "./scan.ts";

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
  /** Goes on from here. */
  readonly from?: DriverState;
  readonly stop?: StoppingRule;
  /** Asks the run to end at the next batch. */
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
  /** A stage begins, or goes on. */
  stage?(number: number): void;
  /** After each batch: epoch from 1 through all stages, frames done of it, and of how many. */
  batch?(epoch: number, done: number, frames: number): void;
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
  readonly look: Look;
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
    options.listener?.stage?.(state.stage + 1);
    const ended = await driveStage(options, state);
    const last = state.stage === options.stages.length - 1;
    if (ended.kind === "interrupted" || ended.kind === "diverged" || last) return ended;
    state = nextStage(ended);
  }
}

/** The next stage begins with the picture that this one ended with. */
function nextStage({ state, look }: Driven): DriverState {
  const { stage, random, history } = state;
  return {
    ...{ stage: stage + 1, epoch: 0, random, history, stopping: { best: null, stale: 0 } },
    begun: estimateOf(look),
  };
}

async function driveStage(options: DriverOptions, from: DriverState): Promise<Driven> {
  const stage = options.stages[from.stage];
  const runtime = stage.engine.inGraphs === true ? options.runtime : undefined;
  const kernels = await options.kernels();
  try {
    const running = new RunningStage({ kernels, runtime }, options.scan, from.begun, stage);
    try {
      if (from.now !== undefined) running.restore(from.now);
      return await epochs(options, running, from);
    } finally {
      await running.release();
    }
  } finally {
    await kernels.close();
  }
}

async function epochs(options: DriverOptions, running: RunningStage, from: DriverState): Promise<Driven> {
  const { stages, stop = {}, signal, listener, frames } = options;
  const { epochs: asked } = stages[from.stage];
  const copies = running.stateBytes <= LARGEST_COPY;
  let state = from;
  const end = async (kind: DriverEnd): Promise<Driven> => {
    const whole = { ...state, now: await running.state() };
    const look = await running.look(frames);
    return { kind, state: whole, look: kind === "early-stopped" ? { ...look, ...whole.best } : look };
  };
  while (state.epoch < asked) {
    if (stop.patience !== undefined && state.stopping.stale >= stop.patience) return end("early-stopped");
    if (signal?.aborted === true) return end("interrupted");
    const before = copies ? await running.state() : undefined;
    try {
      state = await oneEpoch(options, running, state, before !== undefined);
    } catch (error) {
      if (!(error instanceof Interrupted) || before === undefined) throw error;
      running.restore(before);
      return end("interrupted");
    }
    const record = state.history[state.history.length - 1];
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
  const report = await running.step({
    number: state.epoch,
    frames,
    random: Random.restore(state.random),
    async checkpoint(done) {
      listener?.batch?.(number, done, frames.length);
      await pause();
      if (mayLeave && signal?.aborted === true) throw new Interrupted();
    },
  });
  const held = heldOut.length === 0 ? null : await running.misfit(heldOut, pause);
  const record: EpochRecord = {
    ...{ epoch: number, stage: state.stage + 1, engine: stages[state.stage].engine.name },
    ...{ error: report.error, deviance: report.deviance, heldOut: held },
    seconds: (now() - begun) / 1000,
  };
  const better = isBetter(held?.deviance, state.stopping.best);
  const best = stop.patience === undefined || !better ? state.best : { ...(await running.estimate()), epoch: number };
  return {
    ...{ stage: state.stage, epoch: state.epoch + 1, random: afterEpoch(state.random) },
    history: [...state.history, record],
    stopping: better
      ? { best: held?.deviance ?? null, stale: 0 }
      : { ...state.stopping, stale: held === null ? 0 : state.stopping.stale + 1 },
    begun: state.begun,
    ...(best === undefined ? {} : { best }),
  };
}

/** Of held-out frames: what changes by less has not become better. */
const LEAST_GAIN = 1e-3;

const isBetter = (deviance: number | undefined, best: number | null): boolean =>
  deviance !== undefined && Number.isFinite(deviance) && (best === null || deviance < (1 - LEAST_GAIN) * best);

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
