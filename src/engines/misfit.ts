import type { EpochReport } from "./engine.ts";
import type { Experiment } from "./experiment.ts";

/**
 * How well object and probe explain frames as they are now, without moving anything.
 * @param frames at least one
 * @param pause is asked between batches
 */
export async function misfitOf(
  experiment: Experiment,
  frames: Int32Array,
  pause: () => Promise<void> | undefined = () => undefined,
): Promise<EpochReport> {
  const { kernels, mask, dark, scan } = experiment;
  const most = Math.min(frames.length, experiment.batchSize);
  const { height, width } = scan.amplitudes;
  const [factors, misfits] = [kernels.images([most, 1, height, width]), kernels.numbers(frames.length, 4)];
  try {
    for (let from = 0; from < frames.length; from += most) {
      const batch = experiment.load(frames.subarray(from, from + most));
      const count = batch.frames.length;
      const { expected } = experiment.predict(batch);
      const [factor, misfit] = [kernels.frames(factors, 0, count), kernels.frames(misfits, from, count)];
      kernels.likelihood(factor, expected, batch.measured, mask, "gaussian", misfit, dark);
      await pause();
    }
    return reportOf(await kernels.read(misfits), scan.countsPerUnit);
  } finally {
    kernels.release(factors, misfits);
  }
}

/** @param misfits four numbers a frame, as `Kernels.likelihood` gives them */
function reportOf(misfits: ArrayLike<number>, countsPerUnit: number): EpochReport {
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < misfits.length; i++) sums[i % 4] += misfits[i];
  const [off, all, deviance, valid] = sums;
  return { error: Math.sqrt(off / all), deviance: (countsPerUnit * deviance) / valid };
}
