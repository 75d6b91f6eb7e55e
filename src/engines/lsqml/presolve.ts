import type { Experiment } from "../experiment.ts";

/** Frames that are looked at: their light is known to a percent, and more would cost a part of an epoch. */
const FRAMES = 256;

/**
 * The factor on the probe that makes the patterns that are expected as bright as those that were measured, √(Σ I / Σ Î) over
 * valid pixels of frames from all over the scan. 1 where there is no light.
 */
export async function brightness(experiment: Experiment, frames: Int32Array): Promise<number> {
  const { kernels, mask, batchSize, probe, dark } = experiment;
  const count = Math.min(FRAMES, frames.length);
  const some = Int32Array.from({ length: count }, (_, k) => frames[Math.floor((k * frames.length) / count)]);
  const room = kernels.images([batchSize, 1, probe.shape[2], probe.shape[3]]);
  const [misfit, lacking] = [kernels.numbers(batchSize, 4), kernels.numbers(batchSize)];
  let [measured, missing] = [0, 0];
  for (let from = 0; from < count; from += batchSize) {
    const batch = experiment.load(some.subarray(from, from + batchSize));
    const length = batch.frames.length;
    const { expected } = experiment.predict(batch);
    const [factor, row, sums] = [
      kernels.frames(room, 0, length),
      kernels.frames(misfit, 0, length),
      kernels.frames(lacking, 0, length),
    ];
    kernels.likelihood(factor, expected, batch.measured, mask, "intensity", row, dark);
    kernels.sum(sums, factor);
    const [misfits, differences] = [await kernels.read(row), await kernels.read(sums)];
    for (let k = 0; k < length; k++) {
      measured += misfits[4 * k + 1];
      missing += differences[k];
    }
  }
  kernels.release(room, misfit, lacking);
  const expected = measured - missing;
  return measured > 0 && expected > 0 ? Math.sqrt(measured / expected) : 1;
}
