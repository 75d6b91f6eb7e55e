import type { Random } from "../random.ts";
import type { EpochReport } from "./engine.ts";
import type { EngineScan } from "./scan.ts";

/** What is reconstructed, as a stage begins with it. */
export type Estimate = Pick<EngineScan, "object" | "probe" | "positions" | "background" | "intensities" | "variations">;

/** Numbers as the kernels hold them. */
export type Values = Float32Array | Float64Array;

/** All that a stage needs to go on after an epoch. */
export interface StageState {
  readonly object: Values;
  readonly probe: Values;
  readonly positions: Float64Array;
  /** Of engine and wrappers, by name. */
  readonly memory: Readonly<Record<string, Values>>;
}

/** One epoch, as logs show it. */
export interface EpochRecord extends EpochReport {
  /** From 1, through all stages. */
  readonly epoch: number;
  /** From 1. */
  readonly stage: number;
  readonly engine: string;
  /** At the end of the epoch; null where none are held out. */
  readonly heldOut: EpochReport | null;
  readonly seconds: number;
}

/** Steps of a stage that somebody made others while it ran. */
export interface SettingChange {
  /** The first epoch that was done with them, from 1 through all stages. */
  readonly epoch: number;
  /** From 1. */
  readonly stage: number;
  readonly settings: Readonly<Record<string, { readonly from: number; readonly to: number }>>;
}

/** All that a reconstruction needs to go on after an epoch as if it had never stopped. */
export interface DriverState {
  /** From 0. */
  readonly stage: number;
  /** Done of this stage. */
  readonly epoch: number;
  /** Random numbers of the next epoch. */
  readonly random: readonly number[];
  readonly history: readonly EpochRecord[];
  /** Best deviance of the held-out frames in this stage, and epochs since then. */
  readonly stopping: { readonly best: number | null; readonly stale: number };
  /** In the order in which they were made; absent where none was. */
  readonly changes?: readonly SettingChange[] | undefined;
  /** What the stage began with. */
  readonly begun: Estimate;
  /** Absent before the stage's first epoch. */
  readonly now?: StageState;
  /** The best epoch of this stage: by deviance where there is patience for others, else by R. */
  readonly best?: Estimate & { readonly epoch: number };
}

export const freshDriverState = (scan: EngineScan, random: Random): DriverState => ({
  ...{ stage: 0, epoch: 0, random: random.save(), history: [], stopping: { best: null, stale: 0 } },
  begun: estimateOf(scan),
});

/** The part of a scan that is refined. */
export const estimateOf = (estimate: Estimate): Estimate => {
  const { object, probe, positions, background, intensities, variations } = estimate;
  return {
    ...(object === undefined ? {} : { object }),
    ...(background === undefined ? {} : { background }),
    ...(intensities === undefined ? {} : { intensities }),
    ...(variations === undefined ? {} : { variations }),
    ...{ probe, positions },
  };
};
