import { Experiment } from "../../src/engines/experiment.ts";
import type { Kernels } from "../../src/engines/kernels/kernels.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import { completeSettings, type EngineSettings } from "../../src/engines/settings.ts";
import { positions as wrapper } from "../../src/engines/wrappers/positions/positions.ts";
import { Random } from "../../src/random.ts";
import { everyFrame, type Problem } from "./problem.ts";

/** Of positions `[frame, 2]`, along an axis. */
export function meanOf(positions: Float64Array, axis: number): number {
  const values = positions.filter((_, k) => k % 2 === axis);
  return values.reduce((sum, value) => sum + value / values.length, 0);
}

/** √ of the mean square along an axis, without the shift that object and positions share. */
export function rmsApart(a: Float64Array, b: Float64Array): number {
  const apart = a.map((value, k) => value - b[k]);
  const means = [meanOf(apart, 0), meanOf(apart, 1)];
  return Math.sqrt(apart.reduce((sum, value, k) => sum + (value - means[k % 2]) ** 2, 0) / apart.length);
}

export interface Asked {
  readonly engine?: string;
  readonly said?: EngineSettings;
  readonly settings?: EngineSettings;
  readonly epochs: number;
}

/** Where frames are found, by the gradient unless settings say otherwise, that begin elsewhere. */
export async function corrected(
  kernels: Kernels,
  { scan }: Problem,
  positions: Float64Array,
  { engine: name = "lsqml", said = {}, settings = {}, epochs }: Asked,
): Promise<Float64Array> {
  const experiment = new Experiment(
    kernels,
    { ...scan, positions },
    { batchSize: 16, subPixel: "bilinear", margin: 12 },
  );
  const running = wrapper.init(experiment, completeSettings(wrapper, settings));
  experiment.wrap([running]);
  const engine = engineNamed(name);
  const run = engine.init(experiment, completeSettings(engine, said));
  const random = new Random(1);
  const frames = everyFrame(experiment.frames);
  for (let number = 0; number < epochs; number++) {
    await run.step({ number, frames, random, checkpoint: () => {} });
    await experiment.refine({ frames, explained: true, random });
    await running.endEpoch?.(number);
  }
  return experiment.positions.slice();
}

/** With errors of that standard deviation along both axes. */
export function displaced({ scan }: Problem, sigma: number): Float64Array {
  const random = new Random(8);
  return scan.positions.map((position) => position + sigma * random.normal());
}
