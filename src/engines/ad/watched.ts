import type { EngineRun } from "../engine.ts";
import type { Experiment } from "../experiment.ts";
import type { LikelihoodKind } from "../kernels/kernels.ts";

/**
 * An engine whose χ is a gradient in a graph, for wrappers that want to see χ itself: after every epoch the kernels, whose
 * χ a test holds equal to that gradient, look at all frames once more. It gives wrappers the curvature too, by which a
 * position's step is a least-squares one; a gradient alone knows no length.
 */
export function watched(run: EngineRun, experiment: Experiment, { noise }: { readonly noise: string }): EngineRun {
  if (!experiment.isWatched) return run;
  return {
    memory: run.memory,
    async step(epoch) {
      const report = await run.step(epoch);
      const frames = experiment.shares.ownOf(epoch.frames);
      for (let from = 0; from < frames.length; from += experiment.batchSize) {
        const batch = experiment.load(frames.subarray(from, from + experiment.batchSize));
        await experiment.change(batch, noise as LikelihoodKind);
        await epoch.checkpoint(epoch.frames.length);
      }
      return report;
    },
    release: () => run.release(),
  };
}
