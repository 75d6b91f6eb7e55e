import type { Random } from "../../../src/random.ts";
import type { PtychographyProblem, WindowGrid } from "./problem.ts";

/** An iterative reconstruction: a problem becomes a run, whose steps better its state in place. */
export interface Engine<Settings> {
  readonly name: string;
  /** @throws PtychonautError "shape" where the arrays do not fit each other, "data" where no light is in them */
  init(problem: PtychographyProblem, settings: Settings): EngineRun;
}

export interface EngineRun {
  readonly state: EngineState;
  /** One pass over some frames, by their numbers in the problem. */
  step(frames: readonly number[], random: Random): StepReport;
  /** Poisson deviance per valid pixel of each of some frames, as the state predicts them; nothing changes. */
  misfit(frames: readonly number[]): Float64Array;
}

export interface StepReport {
  /** Σ (|Ψ| − √I)² / Σ I over valid pixels of all frames, each before its update. */
  readonly error: number;
}

/** Float64 throughout: complex values interleaved. */
export interface EngineState {
  readonly grid: WindowGrid;
  /** `[grid.height, grid.width]`. */
  readonly object: Float64Array;
  /** `[mode, n, n]`, in √counts: a unit object diffracts the mean energy of the patterns. */
  readonly probe: Float64Array;
  readonly probeShape: readonly [modes: number, height: number, width: number];
}
