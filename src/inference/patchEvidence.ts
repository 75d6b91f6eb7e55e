import type { ComplexArray } from "../arrays.ts";
import type { Communicator } from "../communicator.ts";
import { type PatchFitOptions, patchFit } from "./patchFit.ts";
import { type PatchVariety, patchVariety } from "./patchVariety.ts";
import type { PatternFit } from "./patternComparison.ts";

/** What predicted patches say about a network by themselves, wherever they are put. */
export interface PatchEvidence {
  /** How they explain their own patterns; null when none did. */
  readonly fit: (PatternFit & { readonly patterns: number }) | null;
  /** How they differ from each other; null when none holds light. */
  readonly variety: PatchVariety | null;
}

export interface PatchEvidenceSums {
  /**
   * @param patches `[patch, N, N]`
   * @param frames whose each of them is
   */
  add(patches: ComplexArray, frames: ArrayLike<number>): void;
  /** Goes on, in every process, with what all have added. */
  join(ranks: Communicator): Promise<void>;
  finish(): PatchEvidence;
}

/** Looks at patches as they come. */
export function patchEvidence(options: PatchFitOptions): PatchEvidenceSums {
  const [fit, variety] = [patchFit(options), patchVariety(options.probe)];
  return {
    add(patches, frames) {
      fit.add(patches, frames);
      variety.add(patches);
    },
    async join(ranks) {
      await fit.join(ranks);
      await variety.join(ranks);
    },
    finish: () => ({ fit: fit.finish() ?? null, variety: variety.finish() ?? null }),
  };
}
