import { sumsOf } from "../communicator.ts";
import type { Experiment } from "./experiment.ts";

/** Frames that are looked at: their light is known to a percent, and more would cost a part of an epoch. */
const FRAMES = 256;

/**
 * The factor on the probe that makes the patterns that are expected as bright as those that were measured, √(Σ I / Σ Î) over
 * valid pixels of frames from all over the scan. 1 where there is no light.
 */
export async function brightness(experiment: Experiment, frames: Int32Array): Promise<number> {
  const { kernels, mask, batchSize, probe, dark, shares } = experiment;
  const count = Math.min(FRAMES, frames.length);
  const looked = Int32Array.from({ length: count }, (_, k) => frames[Math.floor((k * frames.length) / count)]);
  const some = shares.ownOf(looked, frames);
  const room = kernels.images([batchSize, 1, probe.shape[2], probe.shape[3]]);
  const [misfit, light] = [kernels.numbers(batchSize, 4), kernels.numbers(batchSize)];
  const found = { measured: 0, expected: 0 };
  for (let from = 0; from < some.length; from += batchSize) {
    const batch = experiment.load(some.subarray(from, from + batchSize));
    const length = batch.frames.length;
    const prediction = experiment.predict(batch);
    const [factor, row, sums] = [
      kernels.frames(room, 0, length),
      kernels.frames(misfit, 0, length),
      kernels.frames(light, 0, length),
    ];
    kernels.likelihood(factor, prediction.expected, batch.measured, mask, "intensity", row, dark);
    // Not from differences to what was measured, of which nothing is left where hardly any light is expected.
    kernels.sum(sums, prediction.expected, mask);
    const [misfits, lights] = [await kernels.read(row), await kernels.read(sums)];
    for (let k = 0; k < length; k++) {
      found.measured += misfits[4 * k + 1];
      found.expected += lights[k];
    }
  }
  kernels.release(room, misfit, light);
  const [measured, expected] = await sumsOf(shares.ranks, [found.measured, found.expected]);
  return measured > 0 && expected > 0 ? Math.sqrt(measured / expected) : 1;
}
