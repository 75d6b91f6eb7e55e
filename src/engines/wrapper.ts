import type { Random } from "../random.ts";
import type { Experiment } from "./experiment.ts";
import type { WrapperRun } from "./wrapperRun.ts";

/**
 * What is refined or held beside object and probe, with any engine that allows it: modes, positions, intensities,
 * background, constraints. A new one is a file and a line in `wrappers/registry.ts`.
 */
export interface Wrapper {
  readonly name: string;
  /** One line for help. */
  readonly about: string;
  /** Why it makes no sense with an engine; nothing where it does. */
  refuses?(engine: string, settings: WrapperSettings): string | undefined;
  /** @throws PtychonautError "usage" for settings that cannot be */
  init(experiment: Experiment, settings: WrapperSettings, random: Random): WrapperRun;
}

export type WrapperSettings = Readonly<Record<string, number | string | boolean>>;
