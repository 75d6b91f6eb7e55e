import { Experiment, type ExperimentOptions } from "../../../src/engines/experiment.ts";
import type { Kernels } from "../../../src/engines/kernels/kernels.ts";
import { engineNamed } from "../../../src/engines/registry.ts";
import { completeSettings, type EngineSettings } from "../../../src/engines/settings.ts";
import type { WrapperRun } from "../../../src/engines/wrapperRun.ts";
import { wrapperNamed } from "../../../src/engines/wrappers/registry.ts";
import { Random } from "../../../src/random.ts";
import { everyFrame, type Problem } from "../problem.ts";

export interface Asked {
  readonly wrappers: readonly string[];
  readonly epochs: number;
  readonly options?: Partial<ExperimentOptions>;
  readonly settings?: Readonly<Record<string, number>>;
  /** Default "rpie", frame after frame, with full steps. */
  readonly engine?: string;
  readonly engineSettings?: EngineSettings;
}

/** Reconstructs from a flat object. */
export async function reconstructed(
  kernels: Kernels,
  { scan }: Problem,
  { wrappers, epochs, options, settings = {}, engine: name = "rpie", engineSettings = {} }: Asked,
): Promise<{
  experiment: Experiment;
  errors: readonly number[];
  memory: readonly NonNullable<WrapperRun["memory"]>[];
}> {
  const experiment = new Experiment(kernels, scan, { batchSize: 16, subPixel: "whole", ...options });
  const running = wrappers.map((name) => {
    const wrapper = wrapperNamed(name);
    return wrapper.init(experiment, completeSettings(wrapper, settings));
  });
  experiment.wrap(running);
  const engine = engineNamed(name);
  const run = engine.init(
    experiment,
    completeSettings(engine, name === "rpie" ? { objectStep: 1, probeStep: 1, ...engineSettings } : engineSettings),
  );
  const random = new Random(1);
  const errors: number[] = [];
  for (let number = 0; number < epochs; number++) {
    const { error } = await run.step({ number, frames: everyFrame(experiment.frames), random, checkpoint: () => {} });
    for (const wrapper of running) await wrapper.endEpoch?.(number);
    errors.push(error);
  }
  return { experiment, errors, memory: running.map(({ memory = {} }) => memory) };
}
