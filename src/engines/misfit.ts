import type { Random } from "../random.ts";
import type { EpochReport } from "./engine.ts";
import type { Experiment } from "./experiment.ts";
import { Tally } from "./tally.ts";

/** Steps an epoch: they go on from epoch to epoch. */
const FITS = 2;

type Pause = () => Promise<void> | undefined;

/**
 * How well object and probe explain frames as they are now, without moving anything.
 * @param frames at least one
 * @param pause is asked between batches
 */
export function misfitOf(experiment: Experiment, frames: Int32Array, pause?: Pause): Promise<EpochReport> {
  const { scan, shares } = experiment;
  return assessed(experiment, shares.ownOf(frames), (tally) => tally.report(scan.countsPerUnit, shares.ranks), pause);
}

/**
 * How well object and probe predict frames that they were not made from. What wrappers know of single frames, their
 * positions and intensities, is fitted to these frames first, with object and probe as they are: nobody else could, and
 * without it they would be predicted worse the more others are refined.
 */
export async function heldOutMisfit(
  experiment: Experiment,
  frames: Int32Array,
  random: Random,
  pause?: Pause,
): Promise<EpochReport> {
  await experiment.refine({ frames, explained: false, random });
  if (experiment.knowsFrames) {
    const own = experiment.shares.ownOf(frames);
    for (let round = 0; round < FITS; round++)
      for (let from = 0; from < own.length; from += experiment.batchSize) {
        await experiment.fitFrames(experiment.load(own.subarray(from, from + experiment.batchSize)));
        await pause?.();
      }
    await experiment.joinFrames(frames);
  }
  return misfitOf(experiment, frames, pause);
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
  const tally = new Tally(experiment.kernels, Math.max(1, frames.length));
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
