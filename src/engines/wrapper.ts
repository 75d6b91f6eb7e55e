import type { SubPixel } from "./canvas.ts";
import type { Experiment } from "./experiment.ts";
import type { EngineScan } from "./scan.ts";
import type { EngineSetting, EngineSettings } from "./settings.ts";
import type { WrapperRun } from "./wrapperRun.ts";

/** What a stage is to do, where it decides whether a wrapper makes sense. */
export interface StageFacts {
  readonly engine: { readonly name: string; readonly exitWaves?: number | undefined };
  /** All that the engine has. */
  readonly settings: EngineSettings;
  /** As it was said; undefined where the data decide. */
  readonly subPixel: SubPixel | undefined;
}

export interface Refusal {
  readonly why: string;
  readonly fix: string;
}

/**
 * What is refined or held beside object and probe, with any engine that allows it: modes, positions, intensities,
 * background, constraints. A new one is a file and a line in `wrappers/registry.ts`.
 */
export interface Wrapper<S extends EngineSettings = EngineSettings> {
  readonly name: string;
  /** One line for help. */
  readonly about: string;
  /** What it can be told; anything else is refused. */
  readonly settings: readonly EngineSetting[];
  /** Takes the object to be one slice. */
  readonly thin?: true;
  /** Takes the object to be in one state. */
  readonly oneState?: true;
  /** Changes how patterns are made: its run has optics. */
  readonly optics?: true;
  /** Puts others in the place of object and probe that explain the same. */
  readonly rearranges?: true;
  /** Why it makes no sense in a stage, and what to do about it; nothing where it does. */
  refuses?(stage: StageFacts): Refusal | undefined;
  /** What of its settings contradicts itself; nothing where nothing does. */
  contradiction?(settings: S): Refusal | undefined;
  /** What of it comes to nothing in so few epochs; nothing where all has its time. */
  idle?(settings: S, epochs: number): string | undefined;
  /** Why it makes no sense in a near field, and what to do about it; nothing where it does. */
  nearField?(settings: S): Refusal | undefined;
  /** Why patterns of these sides have no room for it; nothing where they have. */
  outside?(settings: S, sides: readonly [height: number, width: number]): Refusal | undefined;
  /** What of it comes to nothing with patterns of these sides; nothing where all does something. */
  empty?(settings: S, sides: readonly [height: number, width: number]): string | undefined;
  /** Object pixels by which it may move positions. Default 0. */
  readonly margin?: number;
  /**
   * What it begins with where neither the scan nor a stage before it has it, from the patterns; what it cannot tell is left
   * out.
   * @param frames that are to be explained
   */
  first?(scan: EngineScan, frames: Int32Array): Pick<EngineScan, "background">;
  /** @param settings all of them, as `completeSettings` gives them */
  init(experiment: Experiment, settings: S): WrapperRun;
}
