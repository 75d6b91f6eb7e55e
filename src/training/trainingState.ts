import type { KeptCheckpoint } from "./checkpointPolicy.ts";
import { type EarlyStoppingState, earlyStoppingStart } from "./earlyStopping.ts";
import type { Weights } from "./parameterStore.ts";
import type { ScheduleState } from "./schedules.ts";

/** One epoch, as logs and `training.json` show it. */
export interface EpochRecord {
  /** Counts from 1. */
  readonly epoch: number;
  /** Optimiser steps done at its end. */
  readonly step: number;
  readonly trainLoss: number;
  readonly train: Readonly<Record<string, number>>;
  /** Null without validation data. */
  readonly validationLoss: number | null;
  readonly validation: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** Means over the epoch's steps. */
  readonly gradientNormBefore: number;
  readonly gradientNormAfter: number;
  readonly seconds: number;
}

/** Sums over the steps of an epoch that is under way. */
export interface EpochSums {
  readonly samples: number;
  readonly loss: number;
  readonly measures: Readonly<Record<string, number>>;
  readonly gradientNormBefore: number;
  readonly gradientNormAfter: number;
  readonly steps: number;
  readonly seconds: number;
}

export const noSums: EpochSums = {
  samples: 0,
  loss: 0,
  measures: {},
  gradientNormBefore: 0,
  gradientNormAfter: 0,
  steps: 0,
  seconds: 0,
};

export interface BestWeights {
  readonly epoch: number;
  readonly value: number;
  readonly parameters: Float32Array;
  readonly state: Float32Array;
}

export interface FineTuning {
  /** Epochs done when it began. */
  readonly from: number;
  /** Epochs that were meant to come before. */
  readonly maxEpochs: number;
}

/** A learning rate that somebody made another while a training ran. */
export interface RateChange {
  /** The first epoch that was done with it, from 1. */
  readonly epoch: number;
  /** As the setting has it; schedules go on from there. */
  readonly from: number;
  readonly to: number;
}

/** What schedules' rates are multiplied by after some changes. */
export const rateFactor = (rates: readonly RateChange[] = []): number =>
  rates.length === 0 ? 1 : rates[rates.length - 1].to / rates[0].from;

/**
 * All that a run needs to go on as if it had never stopped: between two epochs (`batch` 0), or between two optimiser
 * steps of one, `batch` batches into the order that `random` gives.
 */
export interface TrainingState {
  /** Null before fine-tuning, which freezes the encoder: the vectors then have the layout of fewer trained parameters. */
  readonly fineTuning: FineTuning | null;
  /** Whole epochs done. */
  readonly epoch: number;
  /** Batches done of the epoch under way. */
  readonly batch: number;
  /** Optimiser steps done in all. */
  readonly step: number;
  /** State of the random numbers at the start of the epoch under way; they give its order of samples. */
  readonly random: readonly number[];
  readonly sums: EpochSums;
  readonly schedule: ScheduleState;
  /** In the order in which they were made; absent where none was. */
  readonly rates?: readonly RateChange[] | undefined;
  readonly earlyStopping: EarlyStoppingState;
  readonly kept: readonly KeptCheckpoint[];
  readonly history: readonly EpochRecord[];
  readonly weights: Weights;
  /** Weights of the best epoch so far. */
  readonly best: BestWeights | null;
}

export function freshState(weights: Weights, random: readonly number[], schedule: ScheduleState): TrainingState {
  return {
    fineTuning: null,
    epoch: 0,
    batch: 0,
    step: 0,
    random,
    sums: noSums,
    schedule,
    earlyStopping: earlyStoppingStart,
    kept: [],
    history: [],
    weights,
    best: null,
  };
}
