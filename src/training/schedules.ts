import { PtychonautError } from "../errors.ts";
import { exponentialFactor, multistageFactor, warmupCosineFactor } from "../numerics/rateFactors.ts";

/**
 * Learning rates by epoch. A schedule is a pure rule over a small state that a checkpoint stores as it is, so a resumed
 * run has the rates of an uninterrupted one.
 */
export interface Schedule {
  init(): ScheduleState;
  /** Learning rate of the epoch that the state stands before. */
  rate(state: ScheduleState): number;
  /** The state after an epoch that ended with this monitored value (smaller is better; NaN counts as no improvement). */
  next(state: ScheduleState, monitored: number): ScheduleState;
}

export interface ScheduleState {
  /** Epochs done. */
  readonly epoch: number;
  /** Factor on the initial rate that plateaus have led to. */
  readonly rate: number;
  /** Best monitored value so far, null before the first. */
  readonly best: number | null;
  /** Epochs since then. */
  readonly stale: number;
}

export const scheduleNames = [
  "Default",
  "Exponential",
  "MultiStage",
  "Adaptive",
  "ReduceLROnPlateau",
  "WarmupCosine",
] as const;
export type ScheduleName = (typeof scheduleNames)[number];

export interface ScheduleOptions {
  readonly learningRate: number;
  readonly maxEpochs: number;
  /** Exponential: factor an epoch. */
  readonly exponentialGamma: number;
  /** MultiStage: epochs after which the rate drops, and by which factor. */
  readonly multistageMilestones: readonly number[];
  readonly multistageFactor: number;
  /** ReduceLROnPlateau and Adaptive, which is another name for it. */
  readonly plateauFactor: number;
  readonly plateauPatience: number;
  readonly plateauMinLr: number;
  /** Relative change that counts as improvement. */
  readonly plateauThreshold: number;
  /** WarmupCosine: epochs of linear rise from a tenth, and the last rate over the first. */
  readonly lrWarmupEpochs: number;
  readonly lrMinRatio: number;
}

export function createSchedule(name: ScheduleName, options: ScheduleOptions): Schedule {
  const { learningRate } = options;
  switch (name) {
    case "Default":
      return byEpoch(options, () => learningRate);
    case "Exponential":
      return byEpoch(options, (epoch) => learningRate * exponentialFactor(epoch, options.exponentialGamma));
    case "MultiStage":
      return byEpoch(
        options,
        (epoch) => learningRate * multistageFactor(epoch, options.multistageMilestones, options.multistageFactor),
      );
    case "WarmupCosine":
      return byEpoch(options, (epoch) => warmupCosine(epoch, options));
    case "Adaptive":
    case "ReduceLROnPlateau":
      return onPlateau(options);
  }
}

const start = ({ learningRate }: ScheduleOptions): ScheduleState => ({
  epoch: 0,
  rate: learningRate,
  best: null,
  stale: 0,
});

function byEpoch(options: ScheduleOptions, rate: (epoch: number) => number): Schedule {
  return {
    init: () => start(options),
    rate: ({ epoch }) => rate(epoch),
    next: (state) => ({ ...state, epoch: state.epoch + 1, rate: rate(state.epoch + 1) }),
  };
}

/** Linear from 0.1 η to η over the warm-up, then half a cosine down to η · lrMinRatio at the end. */
function warmupCosine(epoch: number, options: ScheduleOptions): number {
  const { learningRate, lrWarmupEpochs: warmup, lrMinRatio, maxEpochs } = options;
  if (warmup >= maxEpochs) {
    throw new PtychonautError("usage", "the warm-up leaves no epoch for the cosine", {
      expected: `lr_warmup_epochs below max_epochs ${maxEpochs}`,
      got: String(warmup),
    });
  }
  return learningRate * warmupCosineFactor(epoch, { warmup, epochs: maxEpochs, least: lrMinRatio });
}

/** Multiplies the rate by a factor when the monitored value has not improved for more than `patience` epochs. */
function onPlateau(options: ScheduleOptions): Schedule {
  const { plateauFactor, plateauPatience, plateauMinLr, plateauThreshold } = options;
  return {
    init: () => start(options),
    rate: ({ rate }) => rate,
    next: ({ epoch, rate, best, stale }, monitored) => {
      const after = epoch + 1;
      if (best === null ? !Number.isNaN(monitored) : monitored < best - plateauThreshold * Math.abs(best)) {
        return { epoch: after, rate, best: monitored, stale: 0 };
      }
      if (stale < plateauPatience) return { epoch: after, rate, best, stale: stale + 1 };
      return { epoch: after, rate: Math.min(rate, Math.max(rate * plateauFactor, plateauMinLr)), best, stale: 0 };
    },
  };
}
