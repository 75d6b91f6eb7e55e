import type { Experiment } from "./experiment.ts";
import type { EngineSetting, EngineSettings } from "./settings.ts";
import type { WrapperRun } from "./wrapperRun.ts";

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
  /** Why it makes no sense with an engine; nothing where it does. */
  refuses?(engine: { readonly name: string; readonly settings: EngineSettings }): string | undefined;
  /** What of its settings contradicts itself; nothing where nothing does. */
  contradiction?(settings: S): string | undefined;
  /** Object pixels by which it may move positions. Default 0. */
  readonly margin?: number;
  /** @param settings all of them, as `completeSettings` gives them */
  init(experiment: Experiment, settings: S): WrapperRun;
}
