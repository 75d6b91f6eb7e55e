import { coarseSides } from "../engines/multigrid/coarseGrid.ts";
import { wrapperNamed } from "../engines/wrappers/registry.ts";
import { PtychonautError, setting } from "../errors.ts";
import type { Propagation } from "../optics/geometry.ts";
import type { StageConfig } from "./stages.ts";

/** What a stage says that patterns, and the number of epochs, may not have room for. */
export type PlannedStage = Pick<StageConfig, "coarse" | "epochs" | "wrappers">;

/** The patterns, as far as a header and the settings tell of them. */
export interface PatternsAtHand {
  readonly height: number;
  readonly width: number;
  readonly propagation?: Propagation | undefined;
}

/**
 * Holds stages to the patterns that they are of.
 * @returns what is to be warned of
 * @throws PtychonautError "usage" for grids and wrappers that the patterns have no room for, or that make no sense in their field
 */
export function stagesOnPatterns(stages: readonly PlannedStage[], patterns: PatternsAtHand): readonly string[] {
  const warnings: string[] = [];
  stages.forEach(({ coarse = 1, epochs, wrappers }, i) => {
    if (coarse > 1) coarseSides(patterns, coarse);
    const where = stages.length === 1 ? {} : { where: `stage ${i + 1}` };
    for (const { name, settings } of wrappers) {
      const wrapper = wrapperNamed(name);
      const refusal =
        (patterns.propagation === "near-field" ? wrapper.nearField?.(settings) : undefined) ??
        wrapper.outside?.(settings, [patterns.height, patterns.width]);
      if (refusal !== undefined) throw new PtychonautError("usage", refusal.why, { ...where, fix: refusal.fix });
      const empty = wrapper.empty?.(settings, [patterns.height, patterns.width]) ?? wrapper.idle?.(settings, epochs);
      if (empty !== undefined && !warnings.includes(empty)) warnings.push(empty);
    }
  });
  return [...warnings, ...coarseEnd(stages, patterns)];
}

/** The last grid is what the result has: a coarser one leaves out detail that the patterns have. */
function coarseEnd(stages: readonly PlannedStage[], patterns: PatternsAtHand): readonly string[] {
  const { coarse = 1 } = stages[stages.length - 1];
  if (coarse === 1) return [];
  const [height, width] = coarseSides(patterns, coarse);
  return [
    `the last grid has pixels ${coarse} times as large as the scan's, ${height} x ${width} of the patterns' ${patterns.height} x ${patterns.width}: finer detail than that is not reconstructed; end with the scan's own grid, ${setting("multigrid", "…,1")}`,
  ];
}
