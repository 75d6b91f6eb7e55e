import type { Random } from "../random.ts";
import type { Experiment } from "./experiment.ts";
import type { Held } from "./kernels/kernels.ts";
import type { EngineSetting, EngineSettings } from "./settings.ts";

/**
 * An iterative reconstruction, written once on the seam of kernels. A new one is a file and a line in `registry.ts`.
 */
export interface Engine<S extends EngineSettings = EngineSettings> {
  readonly name: string;
  /** One line for help: what it is, and its paper. */
  readonly about: string;
  /** What it can be told; anything else is refused. One name means the same for all engines. */
  readonly settings: readonly EngineSetting[];
  /** Exit waves of every frame that it keeps on the device. Default 0. */
  readonly exitWaves?: number;
  /** Computes in graphs: its experiment has a runtime. */
  readonly inGraphs?: true;
  /** Reconstructs objects of several slices too. */
  readonly multislice?: true;
  /** @param settings all of them, as `completeSettings` gives them */
  init(experiment: Experiment, settings: S): EngineRun;
}

/** A running engine: each step is one pass over the frames that betters the experiment's object and probe in place. */
export interface EngineRun {
  step(epoch: Epoch): Promise<EpochReport>;
  /** What it remembers from epoch to epoch, by name, on the device: momentum, exit waves … Saved in checkpoints. */
  readonly memory: Readonly<Record<string, Remembered>>;
  /** Gives its memory on the device back; the experiment's stays. */
  release(): void | Promise<void>;
}

export type Remembered = Exclude<Held, { kind: "windows" }>;

export interface Epoch {
  /** From 0. */
  readonly number: number;
  /** Those to be explained; others are held out. */
  readonly frames: Int32Array;
  readonly random: Random;
  /** Asked between batches. @throws what a cancelled run ends with */
  checkpoint(done: number): void | Promise<void>;
}

export interface EpochReport {
  /** √(Σ (√Î − √I)² / Σ I) over valid pixels of all frames, each before its update. */
  readonly error: number;
  /** Poisson deviance of a valid pixel, in counts, each frame before its update. */
  readonly deviance: number;
}
