import type { Random } from "../random.ts";
import type { Experiment } from "./experiment.ts";
import type { Held } from "./kernels/kernels.ts";
import type { EngineSetting, EngineSettings } from "./settings.ts";
import type { Refusal, Wrapper } from "./wrapper.ts";

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
  /** Objects with probes that it remembers, beyond a few. Default 0. */
  remembers?(settings: S): number;
  /** Frames that it has on the device together, if there is room for as many. Default: as many as keep the device busy. */
  framesTogether?(settings: S): number;
  /** Computes in graphs: its experiment has a runtime. */
  readonly inGraphs?: true;
  /** Why several processes cannot share its frames, and what to do about it; nothing where they can. */
  alone?(settings: S): Refusal | undefined;
  /** Reconstructs objects of several slices too. */
  readonly multislice?: true;
  /** Reconstructs objects in several states too. */
  readonly objectModes?: true;
  /** Why it cannot have a wrapper; nothing where it can. */
  refuses?(wrapper: Wrapper, settings: S): string | undefined;
  /** What of its settings contradicts itself, or has no room in so many epochs; nothing where nothing does. */
  contradiction?(settings: S, epochs: number): Refusal | undefined;
  /** @param settings all of them, as `completeSettings` gives them */
  init(experiment: Experiment, settings: S): EngineRun;
}

/**
 * A running engine: each step is one pass over the frames that betters the experiment's object and probe in place. Of several
 * processes each looks at its own frames, and adds up with the others what they ask for (`Experiment.shares`), so that object,
 * probe and memory are everywhere the same.
 */
export interface EngineRun {
  step(epoch: Epoch): Promise<EpochReport>;
  /** What it remembers from epoch to epoch, by name, on the device: momentum, exit waves … Saved in checkpoints. */
  readonly memory: Readonly<Record<string, Remembered>>;
  /** Names of waves in its memory of which each process has those of its frames, dealt out as `Shares` says. */
  readonly dealt?: readonly string[];
  /** Gives its memory on the device back; the experiment's stays. */
  release(): void | Promise<void>;
}

export type Remembered = Exclude<Held, { kind: "windows" }>;

export interface Epoch {
  /** From 0. */
  readonly number: number;
  /** Of the stage, for schedules. Default: without end. */
  readonly epochs?: number;
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
