import type { EpochReport } from "./engine.ts";
import type { Experiment } from "./experiment.ts";
import { Tally } from "./tally.ts";

type Pause = () => Promise<void> | undefined;

/**
 * How well object and probe explain frames as they are now, without moving anything.
 * @param frames at least one
 * @param pause is asked between batches
 */
export function misfitOf(experiment: Experiment, frames: Int32Array, pause?: Pause): Promise<EpochReport> {
  return assessed(experiment, frames, (tally) => tally.report(experiment.scan.countsPerUnit), pause);
}

/** Poisson deviance of a valid pixel of each frame, in counts. */
export function deviancesOf(experiment: Experiment, frames: Int32Array): Promise<Float64Array> {
  return assessed(experiment, frames, (tally) => tally.deviances(experiment.scan.countsPerUnit));
}

async function assessed<T>(
  experiment: Experiment,
  frames: Int32Array,
  report: (tally: Tally) => Promise<T>,
  pause: Pause = () => undefined,
): Promise<T> {
  const tally = new Tally(experiment.kernels, frames.length);
  try {
    for (let from = 0; from < frames.length; from += experiment.batchSize) {
      const batch = experiment.load(frames.subarray(from, from + experiment.batchSize));
      experiment.assess(batch, tally.next(batch.frames.length));
      await pause();
    }
    return await report(tally);
  } finally {
    tally.release();
  }
}
