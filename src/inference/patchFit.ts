import type { ComplexArray } from "../arrays.ts";
import { evenly } from "../arrays.ts";
import { type Communicator, sumsOf } from "../communicator.ts";
import type { Dataset } from "../data/dataset.ts";
import { normalisePatterns, type Scales } from "../data/normalisation.ts";
import { patchDiffraction } from "../physics/patchDiffraction.ts";
import { type ComparisonOptions, comparePatterns, type PatternFit } from "./patternComparison.ts";

export interface PatchFitOptions extends ComparisonOptions {
  readonly dataset: Dataset;
  readonly scales: Scales;
  /** Patterns whose patches will come. */
  readonly frames: readonly number[];
  /** Patterns to look at, at most. Default 256. */
  readonly most?: number;
}

/** How well every patch explains its own pattern, before patches are put together: what no position can spoil. */
export interface PatchFit {
  /**
   * @param patches `[patch, N, N]`, of the physical object
   * @param frames whose each of them is
   */
  add(patches: ComplexArray, frames: ArrayLike<number>): void;
  /** Goes on, in every process, with what all have added; a pattern may have a patch in several. */
  join(ranks: Communicator): Promise<void>;
  /** Undefined when none of the chosen patterns came. */
  finish(): (PatternFit & { readonly patterns: number }) | undefined;
}

export function patchFit(options: PatchFitOptions): PatchFit {
  const { dataset, scales, probe, propagator, frames, most = 256 } = options;
  const wanted = new Set(evenly(frames, most));
  const size = probe.shape[1] * probe.shape[2];
  const diffraction = patchDiffraction(probe, propagator);
  const comparison = comparePatterns(options);
  const measured = new Float32Array(size);
  let patterns = 0;
  return {
    add({ data }, of) {
      for (let k = 0; k < of.length; k++) {
        if (!wanted.has(of[k])) continue;
        const patch = Float64Array.from(data.subarray(2 * k * size, 2 * (k + 1) * size));
        if (!patch.every(Number.isFinite)) continue;
        wanted.delete(of[k]);
        dataset.patterns.read([of[k]], measured);
        normalisePatterns(measured, dataset.measurement, scales);
        comparison.add(diffraction(patch), measured);
        patterns++;
      }
    },
    async join(ranks) {
      await comparison.join(ranks);
      [patterns] = await sumsOf(ranks, [patterns]);
    },
    finish: () => (patterns === 0 ? undefined : { ...comparison.finish(), patterns }),
  };
}
