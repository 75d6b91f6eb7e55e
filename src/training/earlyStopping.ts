/** Whether smaller or larger values of the monitored quantity are better. */
export type MonitorMode = "min" | "max";

export const isBetter = (mode: MonitorMode, value: number, than: number): boolean =>
  mode === "min" ? value < than : value > than;

export interface EarlyStoppingState {
  /** Best value so far, null before the first. */
  readonly best: number | null;
  /** Epochs since then. */
  readonly stale: number;
}

export const earlyStoppingStart: EarlyStoppingState = { best: null, stale: 0 };

/** The state after an epoch; a value that is not a number is no improvement. */
export function observe(state: EarlyStoppingState, value: number, mode: MonitorMode): EarlyStoppingState {
  const better = state.best === null ? !Number.isNaN(value) : isBetter(mode, value, state.best);
  return better ? { best: value, stale: 0 } : { best: state.best, stale: state.stale + 1 };
}

/** True after `patience` epochs in a row without improvement. */
export const shouldStop = (state: EarlyStoppingState, patience: number): boolean => state.stale >= patience;
